/*
 * Long payloads go through the widest vectors that the processor has; less than a word goes byte by
 * byte. SPDX-License-Identifier: MIT
 */
#include "wire/ws_mask.h"

/* What lies across two lines of the cache takes twice as long. */
enum { LINE = 64 };

/*
 * The body of a function that unmasks whole lines of the cache by vectors of so many bytes, for
 * which the compiler finds instructions; returns all words or-ed.
 */
#define UNMASK_LINES(bytes)                                                     \
	typedef uint64_t vector __attribute__((vector_size(bytes), may_alias)); \
	const vector key = mask - (vector){0};                                  \
	uint64_t all = 0;                                                       \
	vector seen = {0};                                                      \
                                                                                \
	for (; data < end; data += (bytes))                                     \
		seen |= *(vector *)(void *)data ^= key;                         \
	for (size_t i = 0; i < (bytes) / sizeof(all); i++)                      \
		all |= seen[i];                                                 \
	return all

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static uint64_t unmask_by_512_bits(
	uint8_t *data, const uint8_t *end, uint64_t mask)
{
	UNMASK_LINES(64);
}

__attribute__((target("avx2"))) static uint64_t unmask_by_256_bits(
	uint8_t *data, const uint8_t *end, uint64_t mask)
{
	UNMASK_LINES(32);
}
#endif

static uint64_t unmask_by_128_bits(uint8_t *data, const uint8_t *end, uint64_t mask)
{
	UNMASK_LINES(16);
}

static uint64_t unmask_lines(uint8_t *data, const uint8_t *end, uint64_t mask)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		return unmask_by_512_bits(data, end, mask);
	if (__builtin_cpu_supports("avx2"))
		return unmask_by_256_bits(data, end, mask);
#endif
	return unmask_by_128_bits(data, end, mask);
}

bool ws_unmask_bytes(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= data[i] ^= key[(phase + i) & 3];
	return utf8_is_ascii(seen);
}

bool ws_unmask_long(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	size_t before = -(uintptr_t)data & (LINE - 1),
	       behind = (uintptr_t)(data + len) & (LINE - 1);
	uint8_t *lines = data + before, *end = data + len - behind;
	bool is_ascii = ws_unmask_short(data, before, key, phase);

	is_ascii &= utf8_is_ascii(unmask_lines(lines, end, ws_mask_twice(key, phase + before)));
	return ws_unmask_short(end, behind, key, phase + (unsigned)(end - data)) && is_ascii;
}
