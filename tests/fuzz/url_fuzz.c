/*
 * Decoded paths and queries are valid UTF-8, no longer than can be, and the same as a slow twin
 * makes of them. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/url.h"
#include "base/utf8.h"

static void check_text(struct span decoded, struct span encoded)
{
	fuzz_assert(utf8_valid(decoded));
	fuzz_assert(decoded.len <= encoded.len * 3);
	for (size_t i = 0; i < encoded.len && encoded.ptr[i] != '%' && encoded.ptr[i] > 0; i++)
		fuzz_assert(decoded.ptr[i] == encoded.ptr[i]);
}

/* Every byte escaped, so that decoding gives the bytes back, or U+FFFD where they are no text. */
static void check_round_trip(struct span bytes, struct arena *arena)
{
	char *escaped = arena_alloc(arena, bytes.len * 3 + 1);
	struct span decoded;

	for (size_t i = 0; i < bytes.len; i++)
		snprintf(escaped + 3 * i, 4, i % 2 == 0 ? "%%%02x" : "%%%02X",
			(unsigned)(uint8_t)bytes.ptr[i]);
	decoded = url_decode_path((struct span){escaped, bytes.len * 3}, arena);
	fuzz_assert(utf8_valid(decoded));
	if (utf8_valid(bytes))
		fuzz_assert(span_equal(decoded, bytes));
	else
		fuzz_assert(memmem(decoded.ptr, decoded.len, "\xef\xbf\xbd", 3) != NULL);
}

static void check_query(struct span query, struct arena *arena)
{
	size_t count, parts = 0;
	struct pair *pairs = url_decode_query(query, arena, &count);
	struct span rest = query;

	for (size_t i = 0; i < count; i++) {
		fuzz_assert(utf8_valid(pairs[i].name));
		fuzz_assert(utf8_valid(pairs[i].value));
	}
	while (rest.ptr != NULL)
		parts += span_cut(&rest, '&').len > 0;
	fuzz_assert(count == parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct span bytes = fuzz_rest(&input);
	struct arena arena = {0};

	check_text(url_decode_path(bytes, &arena), bytes);
	check_round_trip(bytes, &arena);
	check_query(bytes, &arena);
	arena_fini(&arena);
	fuzz_end(&input);
	return 0;
}
