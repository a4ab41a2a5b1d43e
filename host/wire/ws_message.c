/*
 * Frames to messages. A frame goes through header (collected byte by byte only when the input cuts
 * it), rules, payload, end; each step is one function below, and every rule is checked as soon as
 * its bytes are there, so that the way the input was cut never changes the outcome. Knows no
 * socket and no plugin; net/ calls it with each piece received. SPDX-License-Identifier: MIT
 */
#include "wire/ws_message.h"

#include <inttypes.h>
#include <string.h>

#include "base/expect.h"
#include "base/xalloc.h"
#include "wire/ws_mask.h"

enum {
	FIN = 0x80,
	RESERVED = 0x70,
	FRAMING_BYTES = 64, /* that compression may add to a short message */
	ROOM_LEAST = 4096,  /* bytes of a payload that are worth a place of their own */
	ROOM_GROWTH = 32, /* times what has arrived: memory that nobody has touched costs little */
	OPCODE = 0x0f,
	CONTROL = 0x08,
	MASKED = 0x80,
};

void ws_decoder_init(struct ws_decoder *decoder, size_t limit)
{
	memset(decoder, 0, sizeof(*decoder));
	ws_decoder_set_limits(decoder, limit, 0);
}

void ws_decoder_fini(struct ws_decoder *decoder)
{
	buf_fini(&decoder->message);
	buf_fini(&decoder->control);
}

bool ws_decoder_is_inside(const struct ws_decoder *decoder)
{
	return decoder->message_opcode != 0 || decoder->header_len != 0 || decoder->in_payload;
}

bool ws_decoder_set_limits(struct ws_decoder *decoder, size_t limit, uint32_t frame_limit)
{
	size_t most = limit;

	if (ws_decoder_is_inside(decoder))
		return false;
	decoder->limit = limit;
	decoder->frame_limit = frame_limit;
	if (frame_limit != 0 && frame_limit < most)
		most = frame_limit;
	decoder->short_most = (uint8_t)(most < WS_CONTROL_MAX ? most : WS_CONTROL_MAX);
	return true;
}

static enum wire bad(struct err *why, enum err_code code, const char *text)
{
	err_set(why, code, "%s", text);
	return WIRE_BAD;
}

static bool is_control(const struct ws_decoder *decoder)
{
	return (decoder->frame_byte & CONTROL) != 0;
}

static bool is_final(const struct ws_decoder *decoder)
{
	return (decoder->frame_byte & FIN) != 0;
}

/* Payloads handed out last time. A buffer of a message still being read stays. */
static void release_handed_out(struct ws_decoder *decoder)
{
	if (decoder->message_opcode == 0 && decoder->message.data != NULL)
		buf_fini(&decoder->message);
	if (!decoder->in_payload && decoder->control.data != NULL)
		buf_fini(&decoder->control);
}

/* RFC 7692 section 6: the first bit marks a message, at its first frame and nowhere else. */
static unsigned reserved_bits(const struct ws_decoder *decoder, uint8_t first)
{
	unsigned opcode = first & OPCODE;

	if (decoder->takes_compressed && (opcode == WS_TEXT || opcode == WS_BINARY))
		return first & RESERVED & ~(unsigned)WS_COMPRESSED;
	return first & RESERVED;
}

/* What the first two bytes alone can break; NULL when nothing. */
static const char *first_bytes_fault(
	const struct ws_decoder *decoder, uint8_t first, uint8_t second)
{
	unsigned opcode = first & OPCODE;

	if (reserved_bits(decoder, first) != 0)
		return "reserved bits must be 0";
	if (opcode > WS_PONG || (opcode > WS_BINARY && opcode < WS_CLOSE))
		return "invalid opcode";
	if ((opcode & CONTROL) != 0 && (first & FIN) == 0)
		return "fragmented control frame";
	if (opcode == WS_CONTINUATION && decoder->message_opcode == 0)
		return "unexpected continuation frame";
	if ((opcode == WS_TEXT || opcode == WS_BINARY) && decoder->message_opcode != 0)
		return "expected a continuation frame";
	if ((second & MASKED) == 0)
		return "incorrect masking";
	if ((opcode & CONTROL) != 0 && (second & 0x7f) > WS_CONTROL_MAX)
		return "control frame too long";
	return NULL;
}

static unsigned length_bytes(uint8_t second)
{
	switch (second & 0x7f) {
	case 126:
		return 2;
	case 127:
		return 8;
	default:
		return 0;
	}
}

/* False when a shorter form would have done, or the top bit is set (RFC 6455 section 5.2). */
static bool read_length(const uint8_t *header, uint64_t *length)
{
	unsigned bytes = length_bytes(header[1]);
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | header[2 + i];
	*length = bytes == 0 ? header[1] & 0x7fU : value;
	if (bytes == 2)
		return value >= 126;
	return bytes == 0 || (value > UINT16_MAX && value <= INT64_MAX);
}

/* Of the bytes of a message as they come. */
static size_t limit_of(const struct ws_decoder *decoder, bool is_compressed)
{
	if (!is_compressed)
		return decoder->limit;
	return decoder->limit + decoder->limit / 8 + FRAMING_BYTES;
}

/* Compared before a byte of it is stored: a peer's announcement costs nothing. */
static enum wire check_length(
	const struct ws_decoder *decoder, const uint8_t *header, uint64_t *length, struct err *why)
{
	bool is_compressed = (header[0] & WS_COMPRESSED) != 0 || decoder->is_compressed;
	size_t limit = limit_of(decoder, is_compressed);
	uint64_t before = decoder->message.len;

	if (!read_length(header, length))
		return bad(why, ERR_WS_PROTOCOL, "payload length not in its shortest form");
	if ((header[0] & CONTROL) != 0)
		return WIRE_DONE;
	if (decoder->frame_limit != 0 && *length > decoder->frame_limit) {
		err_set(why, ERR_TOO_LARGE,
			"frame with %" PRIu64 " bytes exceeds frame limit of %" PRIu32 " bytes",
			*length, decoder->frame_limit);
		return WIRE_BAD;
	}
	if (before <= limit && *length <= limit - before)
		return WIRE_DONE;
	err_set(why, ERR_TOO_LARGE, "frame with %" PRIu64 " bytes exceeds limit of %zu bytes",
		before + *length, decoder->limit);
	return WIRE_BAD;
}

/*
 * Looks at the `have` bytes of a header that are there. WIRE_MORE when it goes on, else *size says
 * how long it is.
 */
static enum wire check_header(struct ws_decoder *decoder, const uint8_t *header, size_t have,
	size_t *size, struct err *why)
{
	const char *fault;
	uint64_t length;

	if (have < 2)
		return WIRE_MORE;
	fault = first_bytes_fault(decoder, header[0], header[1]);
	if (fault != NULL)
		return bad(why, ERR_WS_PROTOCOL, fault);
	*size = 2 + length_bytes(header[1]);
	if (have < *size)
		return WIRE_MORE;
	if (check_length(decoder, header, &length, why) == WIRE_BAD)
		return WIRE_BAD;
	*size += sizeof(decoder->mask);
	if (have < *size)
		return WIRE_MORE;
	decoder->payload_left = length;
	return WIRE_DONE;
}

static void begin_payload(struct ws_decoder *decoder, const uint8_t *header, size_t size)
{
	unsigned opcode = header[0] & OPCODE;

	decoder->frame_byte = header[0];
	memcpy(decoder->mask, header + size - sizeof(decoder->mask), sizeof(decoder->mask));
	decoder->phase = 0;
	decoder->header_len = 0;
	decoder->in_payload = true;
	decoder->frames++;
	if (opcode != WS_TEXT && opcode != WS_BINARY)
		return;
	decoder->message_opcode = (uint8_t)opcode;
	decoder->is_compressed = (header[0] & WS_COMPRESSED) != 0;
}

/* The header, where it lies if it lies whole in the input, else collected in decoder->header. */
static enum wire take_header(
	struct ws_decoder *decoder, uint8_t **data, size_t *len, struct err *why)
{
	const uint8_t *header = *data;
	size_t have = *len, before = decoder->header_len, size = 0;
	enum wire result;

	if (before > 0) {
		size_t room = sizeof(decoder->header) - before;

		have = *len < room ? *len : room;
		memcpy(decoder->header + before, *data, have);
		have += before;
		header = decoder->header;
	}
	result = check_header(decoder, header, have, &size, why);
	if (result == WIRE_MORE) {
		if (before == 0 && have > 0)
			memcpy(decoder->header, header, have);
		decoder->header_len = (uint8_t)have;
		*data += *len;
		*len = 0;
	}
	if (result != WIRE_DONE)
		return result;
	begin_payload(decoder, header, size);
	*data += size - before;
	*len -= size - before;
	return WIRE_DONE;
}

/*
 * Room for `extra` more bytes: doubling, so that many small parts cost O(n), but not beyond what
 * the peer has announced and may still send.
 */
static void reserve(struct buf *buf, size_t extra, size_t ceiling)
{
	size_t want = buf->len + extra;
	size_t capacity = buf->capacity * 2;

	if (want <= buf->capacity)
		return;
	if (capacity > ceiling)
		capacity = ceiling;
	if (capacity < want)
		capacity = want;
	buf->data = xrealloc(buf->data, capacity);
	buf->capacity = capacity;
}

/* So much more is worth having room for at once, when so much has arrived. */
static size_t ahead(const struct ws_decoder *decoder, size_t arrived)
{
	uint64_t left = decoder->payload_left;

	if (left < ROOM_LEAST)
		return 0;
	return left < arrived * ROOM_GROWTH ? (size_t)left : arrived * ROOM_GROWTH;
}

uint8_t *ws_decoder_room(struct ws_decoder *decoder, size_t *size)
{
	struct buf *buf = &decoder->message;

	if (!decoder->in_payload || is_control(decoder) || buf->len == 0 ||
		decoder->payload_left < ROOM_LEAST)
		return NULL;
	if (buf->len == buf->capacity)
		reserve(buf, ahead(decoder, buf->len), buf->len + (size_t)decoder->payload_left);
	if (*size > decoder->payload_left)
		*size = (size_t)decoder->payload_left;
	if (*size > buf->capacity - buf->len)
		*size = buf->capacity - buf->len;
	return (uint8_t *)buf->data + buf->len;
}

static void keep(struct ws_decoder *decoder, const uint8_t *bytes, size_t len)
{
	struct buf *buf = is_control(decoder) ? &decoder->control : &decoder->message;
	size_t ceiling = limit_of(decoder, decoder->is_compressed);

	if (is_final(decoder))
		ceiling = buf->len + len + (size_t)decoder->payload_left;
	if (len == 0)
		return;
	if (buf->data == NULL || bytes != (const uint8_t *)buf->data + buf->len) {
		reserve(buf, len + ahead(decoder, buf->len + len), ceiling);
		memcpy(buf->data + buf->len, bytes, len);
	}
	buf->len += len;
}

/* "invalid start byte at position 3": Python's words for the first fault of a text. */
static void explain_reason(struct span reason, struct err *why)
{
	const char *fault = "unexpected end of data";
	struct utf8 utf8 = {0};
	size_t start = 0;

	for (size_t i = 0; i < reason.len; i++) {
		if (utf8_is_complete(&utf8))
			start = i;
		if (!utf8_check(&utf8, reason.ptr + i, 1)) {
			fault = i == start ? "invalid start byte" : "invalid continuation byte";
			break;
		}
	}
	err_set(why, ERR_WS_INVALID_PAYLOAD, "%s at position %zu", fault, start);
}

static enum wire end_close(struct ws_message *out, struct err *why)
{
	const uint8_t *bytes = (const uint8_t *)out->payload.ptr;

	out->close_code = 1005;
	if (out->payload.len == 0)
		return WIRE_DONE;
	if (out->payload.len == 1)
		return bad(why, ERR_WS_PROTOCOL, "close frame too short");
	out->close_code = (unsigned)bytes[0] << 8 | bytes[1];
	if (!ws_close_code_valid(out->close_code))
		return bad(why, ERR_WS_PROTOCOL, "invalid status code");
	out->payload = span_from(out->payload, 2);
	if (utf8_valid(out->payload))
		return WIRE_DONE;
	explain_reason(out->payload, why);
	return WIRE_BAD;
}

/* The frame is whole; `payload` is that of the frame, or of the message when it ends with it. */
static enum wire end_frame(
	struct ws_decoder *decoder, struct span payload, struct ws_message *out, struct err *why)
{
	decoder->in_payload = false;
	if (is_control(decoder)) {
		*out = (struct ws_message){decoder->frame_byte & OPCODE, payload, 0, false, 0};
		return out->opcode == WS_CLOSE ? end_close(out, why) : WIRE_DONE;
	}
	if (!is_final(decoder))
		return WIRE_MORE;
	*out = (struct ws_message){decoder->message_opcode, payload, 0, decoder->is_compressed, 0};
	decoder->message_opcode = 0;
	decoder->is_compressed = false;
	/* It is complete at the end of every good text, so no text has to reset it. */
	if (!utf8_is_complete(&decoder->utf8))
		return bad(why, ERR_WS_INVALID_PAYLOAD, "");
	return WIRE_DONE;
}

/* Whether the bytes of the frame must be UTF-8 as they come. */
static bool is_checked_text(const struct ws_decoder *decoder)
{
	return !is_control(decoder) && decoder->message_opcode == WS_TEXT &&
	       !decoder->is_compressed;
}

/* WIRE_MORE: the frame, or the message, goes on. */
static enum wire take_payload(struct ws_decoder *decoder, uint8_t **data, size_t *len,
	struct ws_message *out, struct err *why)
{
	struct buf *kept = is_control(decoder) ? &decoder->control : &decoder->message;
	size_t part = *len < decoder->payload_left ? *len : (size_t)decoder->payload_left;
	uint8_t *bytes = *data;
	bool is_ascii;

	*data += part;
	*len -= part;
	is_ascii = ws_unmask(bytes, part, decoder->mask, decoder->phase);
	decoder->phase = (uint8_t)((decoder->phase + part) & 3);
	decoder->payload_left -= part;
	if (is_checked_text(decoder) && !(is_ascii && utf8_is_complete(&decoder->utf8)) &&
		!utf8_check(&decoder->utf8, bytes, part))
		return bad(why, ERR_WS_INVALID_PAYLOAD, "");
	if (decoder->payload_left == 0 && is_final(decoder) && kept->len == 0)
		return end_frame(decoder, (struct span){(const char *)bytes, part}, out, why);
	keep(decoder, bytes, part);
	if (decoder->payload_left > 0)
		return WIRE_MORE;
	return end_frame(decoder, buf_span(kept), out, why);
}

/*
 * The common case, an unfragmented short message that lies whole in the input and breaks no rule,
 * in a few instructions. False: nothing was taken, the steps above find out what it is.
 */
static bool take_short(
	struct ws_decoder *decoder, uint8_t **data, size_t *len, struct ws_message *out)
{
	enum { HEADER = 6 };
	uint8_t *bytes = *data, *payload = bytes + HEADER;
	unsigned opcode;
	size_t size;
	bool is_ascii;

	if (*len < HEADER)
		return false;
	opcode = bytes[0] ^ (unsigned)FIN;
	size = bytes[1] ^ (unsigned)MASKED;
	if (UNLIKELY((opcode != WS_TEXT && opcode != WS_BINARY) || size > decoder->short_most ||
		     *len - HEADER < size))
		return false;
	is_ascii = ws_unmask_short(payload, size, bytes + 2, 0);
	*out = (struct ws_message){opcode, {(const char *)payload, size}, 0, false, 0};
	if (UNLIKELY(!is_ascii) && opcode == WS_TEXT && !utf8_valid(out->payload)) {
		ws_unmask_bytes(payload, size, bytes + 2, 0);
		return false;
	}
	decoder->frames++;
	*data += HEADER + size;
	*len -= HEADER + size;
	return true;
}

static enum wire take_any(struct ws_decoder *decoder, uint8_t **data, size_t *len,
	struct ws_message *out, struct err *why)
{
	while (*len > 0) {
		enum wire result;

		if (!decoder->in_payload) {
			result = take_header(decoder, data, len, why);
			if (result != WIRE_DONE)
				return result;
		}
		result = take_payload(decoder, data, len, out, why);
		if (result != WIRE_MORE)
			return result;
	}
	return WIRE_MORE;
}

/* Of a payload that lies in what was taken. What stood before it is in the decoder, or nowhere. */
static uint8_t spare_before(struct span payload, const uint8_t *begin, const uint8_t *end)
{
	uintptr_t at = (uintptr_t)payload.ptr, from = (uintptr_t)begin;

	if (payload.len == 0 || at < from || at >= (uintptr_t)end)
		return 0;
	return at - from < UINT8_MAX ? (uint8_t)(at - from) : UINT8_MAX;
}

/* Apart, so that the short ones do not pay for the registers that this needs. */
__attribute__((noinline)) static enum wire decode_any(struct ws_decoder *decoder, uint8_t **data,
	size_t *len, struct ws_message *out, struct err *why)
{
	const uint8_t *begin = *data;
	enum wire result;

	release_handed_out(decoder);
	result = take_any(decoder, data, len, out, why);
	if (result == WIRE_DONE)
		out->spare = spare_before(out->payload, begin, *data);
	decoder->is_busy = result == WIRE_BAD || ws_decoder_is_inside(decoder) ||
			   decoder->message.data != NULL || decoder->control.data != NULL;
	return result;
}

enum wire ws_decode(struct ws_decoder *decoder, uint8_t **data, size_t *len, struct ws_message *out,
	struct err *why)
{
	if (LIKELY(!decoder->is_busy)) {
		if (*len == 0)
			return WIRE_MORE;
		if (LIKELY(take_short(decoder, data, len, out)))
			return WIRE_DONE;
	}
	return decode_any(decoder, data, len, out, why);
}
