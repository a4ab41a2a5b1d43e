/*
 * Long payloads go through the widest vectors that the processor has; less than a word goes byte by
 * byte. SPDX-License-Identifier: MIT
 */
#include "wire/ws_mask.h"

/* A multiple of 64 bytes. The compiler makes of it what the processor's vectors allow. */
__attribute__((always_inline)) static inline void unmask_blocks(
	uint8_t *data, size_t len, uint64_t mask, uint64_t *seen)
{
	typedef uint64_t block __attribute__((vector_size(32), aligned(1), may_alias));
	const block key = {mask, mask, mask, mask};
	block gathered = {0};

	for (block *at = (block *)(void *)data, *end = at + len / sizeof(block); at < end;
		at += 2) {
		at[0] ^= key;
		at[1] ^= key;
		gathered |= at[0] | at[1];
	}
	*seen |= gathered[0] | gathered[1] | gathered[2] | gathered[3];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void unmask_wide(
	uint8_t *data, size_t len, uint64_t mask, uint64_t *seen)
{
	unmask_blocks(data, len, mask, seen);
}
#endif

bool ws_unmask_bytes(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= data[i] ^= key[(phase + i) & 3];
	return utf8_is_ascii(seen);
}

bool ws_unmask_long(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	const uint64_t mask = ws_mask_turned(key, phase);
	size_t blocks = (len - 8) & ~(size_t)63; /* at least a word is left */
	uint64_t seen = 0;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		unmask_wide(data, blocks, mask, &seen);
	else
#endif
		unmask_blocks(data, blocks, mask, &seen);
	return ws_unmask_words(data + blocks, len - blocks, key, phase) && utf8_is_ascii(seen);
}
