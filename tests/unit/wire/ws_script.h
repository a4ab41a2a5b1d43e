/*
 * The language of tests/data/ws_frames.txt: frames to bytes, and events to comparable lines. Builds
 * frames by hand and not with wire/, so that the codec cannot vouch for itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_WS_SCRIPT_H
#define SOCKLET_TESTS_WS_SCRIPT_H

#include "table.h"

#include "base/buf.h"

/* Reads pieces joined by '+': hex or "text", with *N. Leaves *at behind them. */
static inline void ws_script_payload(const char **at, struct buf *out)
{
	while (**at != '\0' && **at != ' ' && **at != ')') {
		size_t start = out->len, size;
		unsigned long copies = 1;

		if (**at == '+')
			++*at;
		if (**at == '"') {
			size = strcspn(*at + 1, "\"");
			buf_append(out, *at + 1, size);
			*at += size + 2;
		} else {
			for (; strchr("0123456789abcdef", **at) != NULL && **at != '\0'; *at += 2) {
				char byte = table_hex_byte(*at);

				buf_append(out, &byte, 1);
			}
		}
		if (out->len == start && **at != '*' && **at != '+' && **at != ' ' && **at != ')' &&
			**at != '\0')
			fail_msg("cannot read a payload at: %.40s", *at);
		if (**at == '*')
			copies = strtoul(*at + 1, (char **)at, 10);
		size = out->len - start;
		buf_reserve(out, size * copies);
		for (unsigned long i = 1; i < copies; i++)
			buf_append(out, out->data + start, size);
		if (copies == 0)
			out->len = start;
	}
}

static inline unsigned ws_script_opcode(const char *kind, size_t len)
{
	static const char *const names[] = {
		"cont", "text", "binary", "", "", "", "", "", "close", "ping", "pong"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (len > 0 && strlen(names[i]) == len && memcmp(names[i], kind, len) == 0)
			return i;
	}
	if (len < 3 || memcmp(kind, "op", 2) != 0)
		fail_msg("no such kind of frame: %.40s", kind);
	return (unsigned)strtoul(kind + 2, NULL, 10);
}

static inline void ws_script_emit(
	struct buf *out, unsigned first, bool masked, const struct buf *payload)
{
	uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t header[14] = {(uint8_t)first, masked ? 0x80 : 0};
	size_t len = 2, bytes = payload->len < 126 ? 0 : payload->len < 65536 ? 2 : 8;

	key[0] ^= (uint8_t)out->len; /* another key for each frame */
	header[1] |= (uint8_t)(bytes == 0 ? payload->len : bytes == 2 ? 126 : 127);
	for (size_t i = bytes; i > 0; i--)
		header[len++] = (uint8_t)(payload->len >> 8 * (i - 1));
	if (masked) {
		memcpy(header + len, key, 4);
		len += 4;
	}
	buf_append(out, header, len);
	buf_reserve(out, payload->len);
	for (size_t i = 0; i < payload->len; i++)
		out->data[out->len++] = (char)((uint8_t)payload->data[i] ^
					       (masked ? key[i & 3] : 0));
}

static inline void ws_script_frame(const char **at, struct buf *out)
{
	struct buf payload = {0};
	const char *kind;
	size_t kind_len;
	unsigned first = 0x80;
	bool masked = true, raw;

	if (**at == '-') {
		first = 0;
		++*at;
	}
	kind = *at;
	kind_len = strcspn(kind, "!:");
	raw = kind_len == 3 && memcmp(kind, "raw", 3) == 0;
	for (*at += kind_len; **at == '!'; *at += 1 + strcspn(*at + 1, "!:")) {
		if (memcmp(*at, "!rsv", 4) == 0)
			first |= table_hex_digit((*at)[4]) << 4;
		else
			masked = false;
	}
	++*at;
	ws_script_payload(at, &payload);
	if (raw)
		buf_append(out, payload.data, payload.len);
	else
		ws_script_emit(out, first | ws_script_opcode(kind, kind_len), masked, &payload);
	buf_fini(&payload);
}

static inline void ws_script_frames(const char *script, struct buf *out)
{
	while (*script != '\0') {
		unsigned long copies = 1;
		const char *frame = script;

		if (*script >= '0' && *script <= '9')
			copies = strtoul(script, (char **)&frame, 10);
		if (frame != script)
			frame += 2; /* "x(" */
		for (; copies > 0; copies--) {
			script = frame;
			ws_script_frame(&script, out);
		}
		script += strspn(script, ") ");
	}
}

/* One line for an event: long payloads as their beginning, length and a checksum. */
static inline void ws_script_event(
	struct buf *out, const char *kind, unsigned code, struct span payload)
{
	char shown[256];
	uint64_t sum = 14695981039346656037U; /* FNV-1a */

	for (size_t i = 0; i < payload.len; i++)
		sum = (sum ^ (uint8_t)payload.ptr[i]) * 1099511628211U;
	table_escape(shown, sizeof(shown), payload);
	buf_printf(out, "%s/%u:%.60s (%zu bytes, %016llx) ", kind, code, shown, payload.len,
		(unsigned long long)sum);
	if (strcmp(kind, "bad") == 0)
		buf_printf(out, "%s ", shown);
}

/* The events column of a row, as ws_script_event writes them. */
static inline void ws_script_events(const char *script, struct buf *out)
{
	while (*script != '\0') {
		struct buf payload = {0};
		char kind[24] = "";
		unsigned long code = 0;
		size_t len = strcspn(script, "/:");

		memcpy(kind, script, len < sizeof(kind) ? len : sizeof(kind) - 1);
		script += len;
		if (*script == '/')
			code = strtoul(script + 1, (char **)&script, 10);
		script++;
		ws_script_payload(&script, &payload);
		ws_script_event(out, kind, (unsigned)code, buf_span(&payload));
		buf_fini(&payload);
		script += strspn(script, " ");
	}
	buf_printf(out, "%s", ".");
}

#endif
