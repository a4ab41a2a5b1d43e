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

#include "base/expect.h"
#include "base/utf8.h"

enum { WS_MASK_SHORT = 128 }; /* bytes */

/* The key as it falls on four bytes, the first of which is its byte `phase`, counted round. */
static inline uint32_t ws_mask_turned(const uint8_t key[4], size_t phase)
{
	unsigned bits = 8 * (unsigned)(phase & 3);
	uint32_t word;

	memcpy(&word, key, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits = 32 - bits;
#endif
	return word >> (bits & 31) | word << (-bits & 31);
}

/* The same of eight. */
static inline uint64_t ws_mask_twice(const uint8_t key[4], size_t phase)
{
	uint32_t word = ws_mask_turned(key, phase);

	return word | (uint64_t)word << 32;
}

/* ws_unmask byte by byte, and of WS_MASK_SHORT or more. */
bool ws_unmask_bytes(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase);
bool ws_unmask_long(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase);

/* Of eight or more. */
static inline bool ws_unmask_words(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint64_t mask = ws_mask_twice(key, phase), word, last, seen;
	uint8_t *end = data + len - sizeof(word);

	/* Read before it is touched: it may share bytes with the word before it. */
	memcpy(&last, end, sizeof(last));
	seen = last ^= ws_mask_twice(key, phase + len);
	for (; data < end; data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		seen |= word ^= mask;
		memcpy(data, &word, sizeof(word));
	}
	memcpy(end, &last, sizeof(last));
	return utf8_is_ascii(seen);
}

/* Sixteen bytes, as the vectors take them that every 64-bit processor has. */
typedef uint32_t ws_mask_vector __attribute__((vector_size(16), aligned(1), may_alias));

static inline ws_mask_vector ws_mask_wide(const uint8_t key[4], size_t phase)
{
	uint32_t word = ws_mask_turned(key, phase);

	return (ws_mask_vector){word, word, word, word};
}

static inline bool ws_mask_is_ascii(ws_mask_vector seen)
{
#if defined(__SSE2__)
	typedef char bytes __attribute__((vector_size(16)));

	return __builtin_ia32_pmovmskb128((bytes)seen) == 0;
#else
	typedef uint64_t pair __attribute__((vector_size(16)));

	return utf8_is_ascii(((pair)seen)[0] | ((pair)seen)[1]);
#endif
}

/* Of sixteen or more. */
static inline bool ws_unmask_vectors(
	uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	ws_mask_vector *at = (ws_mask_vector *)(void *)data;
	ws_mask_vector *end = (ws_mask_vector *)(void *)(data + len - sizeof(*end));
	ws_mask_vector mask = ws_mask_wide(key, phase);
	ws_mask_vector last = *end ^ ws_mask_wide(key, phase + len), seen = last;

	seen |= *at++ ^= mask;
	while (UNLIKELY(at < end))
		seen |= *at++ ^= mask;
	*end = last;
	return ws_mask_is_ascii(seen);
}

/* Of less than WS_MASK_SHORT. */
__attribute__((always_inline)) static inline bool ws_unmask_short(
	uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	if (len >= 16)
		return ws_unmask_vectors(data, len, key, phase);
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
