/*
 * Long payloads go through the widest vectors that the processor has; less than a word goes byte by
 * byte. SPDX-License-Identifier: MIT
 */
#include "wire/ws_mask.h"

/* Bytes of a block; what lies across two lines of the cache takes twice as long. */
typedef uint64_t block __attribute__((vector_size(64), may_alias));

/* Whole aligned blocks. The compiler makes of it what the processor's vectors allow. */
__attribute__((always_inline)) static inline uint64_t unmask_blocks(
	block *at, const block *end, uint64_t mask)
{
	const block key = {mask, mask, mask, mask, mask, mask, mask, mask};
	block seen = {0};

	for (; at < end; at++)
		seen |= *at ^= key;
	return seen[0] | seen[1] | seen[2] | seen[3] | seen[4] | seen[5] | seen[6] | seen[7];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t unmask_by_256_bits(
	block *at, const block *end, uint64_t mask)
{
	return unmask_blocks(at, end, mask);
}

__attribute__((target("avx512f"))) static uint64_t unmask_by_512_bits(
	block *at, const block *end, uint64_t mask)
{
	return unmask_blocks(at, end, mask);
}
#endif

/* Eight bytes at a time are XORed; all of them or-ed are returned. */
static uint64_t unmask_wide(block *at, const block *end, uint64_t mask)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		return unmask_by_512_bits(at, end, mask);
	if (__builtin_cpu_supports("avx2"))
		return unmask_by_256_bits(at, end, mask);
#endif
	return unmask_blocks(at, end, mask);
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
	uint8_t *begin = data + (-(uintptr_t)data & (sizeof(block) - 1));
	uint8_t *end = data + len - ((uintptr_t)(data + len) & (sizeof(block) - 1));
	size_t before = (size_t)(begin - data), behind = (size_t)(data + len - end);
	bool is_ascii = ws_unmask_short(data, before, key, phase);
	uint64_t mask = ws_mask_turned(key, phase + before);

	is_ascii &= utf8_is_ascii(unmask_wide((block *)(void *)begin, (block *)(void *)end, mask));
	return ws_unmask_short(end, behind, key, (phase + (unsigned)(end - data)) & 3) && is_ascii;
}
