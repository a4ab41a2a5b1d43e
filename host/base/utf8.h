/*
 * UTF-8 by the letter of RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF),
 * incremental: a bad byte fails at once, also in the middle of a frame.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_UTF8_H
#define SOCKLET_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Zero it at the start of a text. */
struct utf8 {
	uint8_t state; /* 0 between characters */
};

/* False at the first byte that no valid text could have there. */
bool utf8_check(struct utf8 *utf8, const void *data, size_t len);
/* Whether the text may end here. */
static inline bool utf8_is_complete(const struct utf8 *utf8)
{
	return utf8->state == 0;
}
/* Whether all eight bytes are ASCII. */
static inline bool utf8_is_ascii(uint64_t bytes)
{
	return (bytes & UINT64_C(0x8080808080808080)) == 0;
}
bool utf8_valid(struct span text);
/* The longest prefix of at most `limit` bytes that does not cut a character. */
size_t utf8_cut(struct span text, size_t limit);
/* Characters (code points) of a valid text. */
size_t utf8_length(struct span text);

#endif
