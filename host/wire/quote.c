/*
 * Quoting for error texts. Knows nothing about what it quotes; the decoders of wire/ call it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/quote.h"

#include <stdint.h>
#include <stdio.h>

struct quoted quote(struct span s)
{
	/* Behind the text: an escape or "...", the closing quote, NUL. */
	const size_t last = sizeof(struct quoted) - 6;
	struct quoted out;
	size_t len = 0;

	out.text[len++] = '"';
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];

		if (len + 4 > last) {
			len += (size_t)snprintf(out.text + len, 4, "...");
			break;
		}
		if (c >= 0x20 && c < 0x7f)
			out.text[len++] = (char)c;
		else
			len += (size_t)snprintf(out.text + len, 5, "\\x%02x", (unsigned)c);
	}
	out.text[len++] = '"';
	out.text[len] = '\0';
	return out;
}
