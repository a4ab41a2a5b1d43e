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

/* The key as it falls on eight bytes, the first of which is its byte `phase`, counted round. */
static uint64_t turned(const uint8_t key[4], unsigned phase)
{
	unsigned bits = 8 * (phase & 3);
	uint32_t word;

	memcpy(&word, key, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits = 32 - bits;
#endif
	word = word >> (bits & 31) | word << (-bits & 31);
	return word | (uint64_t)word << 32;
}

static uint64_t load(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t store(uint8_t *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
	return word;
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

static bool unmask_bytes(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= data[i] ^= key[(phase + i) & 3];
	return utf8_is_ascii(seen);
}

/* Eight bytes or more. */
static inline bool unmask_words(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	uint64_t mask = turned(key, phase), seen, last;
	uint8_t *end = data + len - 8;

	/* Read before it is touched: it may share bytes with the word before it. */
	last = seen = load(end) ^ turned(key, phase + (unsigned)len);
	for (; data < end; data += 8)
		seen |= store(data, load(data) ^ mask);
	store(end, last);
	return utf8_is_ascii(seen);
}

static bool unmask_long(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	const uint64_t mask = turned(key, phase);
	size_t blocks = (len - 8) & ~(size_t)63; /* at least a word is left */
	uint64_t seen = 0;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		unmask_wide(data, blocks, mask, &seen);
	else
#endif
		unmask_blocks(data, blocks, mask, &seen);
	return unmask_words(data + blocks, len - blocks, key, phase) && utf8_is_ascii(seen);
}

bool ws_unmask(uint8_t *data, size_t len, const uint8_t key[4], unsigned phase)
{
	if (len < 8)
		return unmask_bytes(data, len, key, phase);
	if (len >= 128)
		return unmask_long(data, len, key, phase);
	return unmask_words(data, len, key, phase);
}
