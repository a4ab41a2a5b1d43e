/*
 * RFC 6455 section 5.3: a payload is XORed with the four bytes of its key, over and over. Most are
 * so short that a call would cost more than the work, hence the inline part; ws_mask.c has the
 * rest. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_MASK_H
#define SOCKLET_WIRE_WS_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum { WS_MASK_SHORT = 128 }; /* bytes */

/* The key as it falls on eight bytes, the first of which is its byte `phase`, counted round. */
static inline uint64_t ws_mask_turned(const uint8_t key[4], size_t phase)
{
	unsigned bits = 8 * (unsigned)(phase & 3);
	uint32_t word;

	memcpy(&word, key, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits = 32 - bits;
#endif
	word = word >> (bits & 31) | word << (-bits & 31);
	return word | (uint64_t)word << 32;
}

/* ws_unmask byte by byte, and of WS_MASK_SHORT or more. */
bool ws_unmask_bytes(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase);
bool ws_unmask_long(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase);

/* Of eight or more. */
static inline bool ws_unmask_words(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint64_t mask = ws_mask_turned(key, phase), word, last, seen;
	uint8_t *end = data + len - sizeof(word);

	/* Read before it is touched: it may share bytes with the word before it. */
	memcpy(&last, end, sizeof(last));
	seen = last ^= ws_mask_turned(key, phase + len);
	for (; data < end; data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		seen |= word ^= mask;
		memcpy(data, &word, sizeof(word));
	}
	memcpy(end, &last, sizeof(last));
	return utf8_is_ascii(seen);
}

/* Of sixteen or more: the same by the vectors that every 64-bit processor has. */
static inline bool ws_unmask_pairs(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	typedef uint64_t pair __attribute__((vector_size(16), aligned(1), may_alias));
	uint64_t mask = ws_mask_turned(key, phase), end_mask = ws_mask_turned(key, phase + len);
	pair *end = (pair *)(void *)(data + len - sizeof(pair));
	pair last = *end ^ (pair) { end_mask, end_mask }, seen = last;

	for (pair *at = (pair *)(void *)data; at < end; at++)
		seen |= *at ^= (pair){mask, mask};
	*end = last;
	return utf8_is_ascii(seen[0] | seen[1]);
}

/* Of less than WS_MASK_SHORT. */
__attribute__((always_inline)) static inline bool ws_unmask_short(
	uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	if (len >= 16)
		return ws_unmask_pairs(data, len, key, phase);
	if (len >= 8)
		return ws_unmask_words(data, len, key, phase);
	return ws_unmask_bytes(data, len, key, phase);
}

/*
 * XORs data with the 4-byte key, starting at key byte `phase` (0 to 3). Whether all of it is ASCII
 * then, which is known on the way.
 */
static inline bool ws_unmask(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	if (len >= WS_MASK_SHORT)
		return ws_unmask_long(data, len, key, phase);
	return ws_unmask_short(data, len, key, phase);
}

#endif
