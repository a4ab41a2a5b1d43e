/*
 * Both alphabets of base64 in one loop. OpenSSL's decoder skips blanks and accepts unused bits, so
 * it is not used. Knows no token; security/ calls it. SPDX-License-Identifier: MIT
 */
#include "wire/base64.h"

#include <stdint.h>

enum { NO_DIGIT = 64 };

/* `last` are the two digits in which the alphabets differ. */
static uint32_t digit_of(char c, const char last[2])
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == last[0] ? 62 : c == last[1] ? 63 : NO_DIGIT;
}

static bool decode(struct span text, const char last[2], struct arena *arena, struct span *out)
{
	char *bytes = arena_alloc(arena, text.len / 4 * 3 + 3);
	uint32_t bits = 0, pending = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint32_t digit = digit_of(text.ptr[i], last);

		if (digit == NO_DIGIT)
			return false;
		bits = bits << 6 | digit;
		pending += 6;
		if (pending >= 8) {
			pending -= 8;
			bytes[len++] = (char)(bits >> pending & 0xff);
		}
	}
	*out = (struct span){bytes, len};
	/* Six pending bits are a lone digit, which says no byte; the others have to be 0. */
	return pending < 6 && (bits & ((1u << pending) - 1)) == 0;
}

bool base64_decode(struct span text, struct arena *arena, struct span *out)
{
	size_t padding = text.len - span_find(text, '=');

	if (text.len % 4 != 0 || padding > 2)
		return false;
	for (size_t i = text.len - padding; i < text.len; i++)
		if (text.ptr[i] != '=')
			return false;
	return decode((struct span){text.ptr, text.len - padding}, "+/", arena, out);
}

bool base64_decode_url(struct span text, struct arena *arena, struct span *out)
{
	return decode(text, "-_", arena, out);
}

void base64_encode(struct buf *out, struct span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = 0;
		char four[4] = {'=', '=', '=', '='};

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < count ? (unsigned char)bytes.ptr[i + k] : 0);
		for (size_t k = 0; k <= count; k++)
			four[k] = digits[bits >> (18 - 6 * k) & 63];
		buf_append(out, four, sizeof(four));
	}
}
