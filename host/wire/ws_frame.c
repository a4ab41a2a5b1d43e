/*
 * RFC 6455 section 5.2 without judgement: lengths and masks, no rules about what may follow
 * what. Knows no connection; ws_message decodes with it, net/ encodes with it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/ws_frame.h"

#include <string.h>

#include "base/utf8.h"

size_t ws_header_encode(uint8_t out[WS_HEADER_MAX], unsigned opcode, uint64_t payload_len)
{
	out[0] = (uint8_t)(0x80 | opcode);
	if (payload_len < 126) {
		out[1] = (uint8_t)payload_len;
		return 2;
	}
	if (payload_len < 65536) {
		out[1] = 126;
		out[2] = (uint8_t)(payload_len >> 8);
		out[3] = (uint8_t)payload_len;
		return 4;
	}
	out[1] = 127;
	for (size_t i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)(payload_len >> (56 - 8 * i));
	return 10;
}

size_t ws_close_encode(
	uint8_t out[WS_CONTROL_MAX], unsigned code, const char *reason, size_t reason_len)
{
	size_t len = utf8_cut((struct span){reason, reason_len}, WS_REASON_MAX);

	if (code == 0)
		return 0;
	out[0] = (uint8_t)(code >> 8);
	out[1] = (uint8_t)code;
	if (len > 0)
		memcpy(out + 2, reason, len);
	return 2 + len;
}

int ws_close_code_valid(unsigned code)
{
	if (code >= 3000)
		return code <= 4999;
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
