/*
 * What the fuzzers share: an input whose first bytes choose how the rest is cut, and asserts that
 * stay in release builds. Header-only, as each fuzzer is one program. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_FUZZ_H
#define SOCKLET_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_assert(truth)                                                                  \
	do {                                                                                \
		if (!(truth)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #truth); \
			abort();                                                            \
		}                                                                           \
	} while (0)

enum { FUZZ_CHOPS = 4 };

struct fuzz_input {
	char *bytes; /* copied to its exact size, so that a read behind the end is seen */
	size_t size;
	uint8_t chops[FUZZ_CHOPS];
	unsigned turn;
};

static inline struct fuzz_input fuzz_input(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {0};
	size_t used = size < FUZZ_CHOPS ? size : FUZZ_CHOPS;

	if (used > 0)
		memcpy(input.chops, data, used);
	input.size = size - used;
	input.bytes = malloc(input.size == 0 ? 1 : input.size);
	fuzz_assert(input.bytes != NULL);
	if (input.size > 0)
		memcpy(input.bytes, data + used, input.size);
	return input;
}

static inline struct span fuzz_rest(const struct fuzz_input *input)
{
	return (struct span){input->bytes, input->size};
}

/* How many of `left` bytes come next: at least one, mostly few. */
static inline size_t fuzz_chop(struct fuzz_input *input, size_t left)
{
	size_t want = input->chops[input->turn++ % FUZZ_CHOPS];

	want = want < 128 ? want % 16 + 1 : (want - 127) * 8;
	return want < left ? want : left;
}

static inline void fuzz_end(struct fuzz_input *input)
{
	free(input->bytes);
}

#endif
