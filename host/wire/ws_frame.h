/*
 * One RFC 6455 frame header in and out, and a short frame out. ws_message builds on it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_FRAME_H
#define SOCKLET_WIRE_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/expect.h"

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
	WS_COMPRESSED = 0x40, /* beside WS_TEXT or WS_BINARY: permessage-deflate's bit */
};

enum {
	WS_HEADER_MAX = 10,   /* bytes of an unmasked header */
	WS_SHORT_HEADER = 2,  /* of that of a payload of at most WS_CONTROL_MAX */
	WS_CONTROL_MAX = 125, /* payload bytes of a control frame */
	WS_REASON_MAX = 123,  /* bytes of a close reason */
};

/* Bytes of an unmasked header: 2, 4 or 10. */
static inline size_t ws_header_size(uint64_t payload_len)
{
	return payload_len < 126 ? 2 : payload_len <= UINT16_MAX ? 4 : WS_HEADER_MAX;
}
/*
 * Writes the header of an unmasked final frame, opcode with or without WS_COMPRESSED; returns its
 * size.
 */
size_t ws_header_encode(uint8_t out[WS_HEADER_MAX], unsigned opcode, uint64_t payload_len);
/* Of 1 to 15 bytes: two copies of a half and more, which may share bytes, cost no call. */
static inline void ws_copy_few(char *to, const char *from, size_t len)
{
	if (len >= 8) {
		memcpy(to, from, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		to[0] = from[0];
		to[len / 2] = from[len / 2];
		to[len - 1] = from[len - 1];
	}
}
/*
 * Writes a whole unmasked final frame of 1 to WS_CONTROL_MAX bytes of payload; returns its size.
 * The copy is in place, as a call costs as much as the copy.
 */
static inline size_t ws_short_frame(
	uint8_t *out, unsigned opcode, const char *payload, size_t payload_len)
{
	enum { STEP = 16 };
	char *to = (char *)out + WS_SHORT_HEADER;

	out[0] = (uint8_t)(0x80 | opcode);
	out[1] = (uint8_t)payload_len;
	if (payload_len < STEP) {
		ws_copy_few(to, payload, payload_len);
		return WS_SHORT_HEADER + payload_len;
	}
	memcpy(to, payload, STEP);
	for (size_t at = STEP; UNLIKELY(at + STEP < payload_len); at += STEP)
		memcpy(to + at, payload + at, STEP);
	/* It may share bytes with the step before it. */
	memcpy(to + payload_len - STEP, payload + payload_len - STEP, STEP);
	return WS_SHORT_HEADER + payload_len;
}
/*
 * Writes the payload of a close frame: code and reason, cut at 123 bytes on a character border.
 * Code 0 gives an empty payload. Returns its size.
 */
size_t ws_close_encode(
	uint8_t out[WS_CONTROL_MAX], unsigned code, const char *reason, size_t reason_len);
/* Whether a peer may send this code: 1000-1003, 1007-1014, 3000-4999. */
int ws_close_code_valid(unsigned code);
#endif
