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

/* ---- masking -------------------------------------------------------------------------------- */

/* XORs a word at any address; what it becomes is gathered in *seen. */
static void unmask_word(uint8_t *at, uint64_t mask, uint64_t *seen)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	word ^= mask;
	*seen |= word;
	memcpy(at, &word, sizeof(word));
}

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

static void unmask_long(uint8_t *data, size_t len, uint64_t mask, uint64_t *seen)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		unmask_wide(data, len, mask, seen);
		return;
	}
#endif
	unmask_blocks(data, len, mask, seen);
}

/* The key as it falls on bytes from `phase` on, twice. */
static uint64_t turned(const uint8_t key[4], unsigned phase)
{
	uint8_t twice[8];
	uint32_t half;

	memcpy(twice, key, 4);
	memcpy(twice + 4, key, 4);
	memcpy(&half, twice + phase, 4);
	return half | (uint64_t)half << 32;
}

bool ws_unmask(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	const uint64_t mask = turned(key, phase);
	uint64_t seen = 0;
	size_t done = len & ~(size_t)63;

	if (done > 0)
		unmask_long(data, done, mask, &seen);
	for (; len - done >= 8; done += 8)
		unmask_word(data + done, mask, &seen);
	for (; done < len; done++) {
		data[done] ^= key[(phase + done) & 3];
		seen |= data[done];
	}
	return (seen & UINT64_C(0x8080808080808080)) == 0;
}
