/*
 * Any Cookie header gives valid UTF-8 pairs, as many as it has parts at most, and a plain cookie
 * comes back as it was. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/cookie.h"
#include "base/utf8.h"

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '!' || s.ptr[i] > '~' || strchr("\";=\\", s.ptr[i]) != NULL)
			return false;
	}
	return s.len > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	struct fuzz_input input = fuzz_input(data, size);
	struct span line = fuzz_rest(&input);
	struct arena arena = {0};
	struct pair *pairs;
	size_t count, parts = 1;

	head.header_count = 1;
	head.headers[0] = (struct http_header){SPAN("Cookie"), line};
	pairs = cookie_decode(&head, &arena, &count);
	for (size_t i = 0; i < line.len; i++)
		parts += line.ptr[i] == ';';
	fuzz_assert(count <= parts);
	for (size_t i = 0; i < count; i++) {
		fuzz_assert(utf8_valid(pairs[i].name));
		fuzz_assert(utf8_valid(pairs[i].value));
		fuzz_assert(pairs[i].value.len <= line.len * 2);
	}
	if (is_plain(line)) {
		fuzz_assert(count == 1 && pairs[0].name.len == 0);
		fuzz_assert(span_equal(pairs[0].value, line));
	}
	arena_fini(&arena);
	fuzz_end(&input);
	return 0;
}
