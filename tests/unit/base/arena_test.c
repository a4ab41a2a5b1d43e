/*
 * An arena's pieces are zeroed, aligned, apart from each other, and gone together.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/arena.h"

static void pieces_of_any_size(void **state)
{
	struct arena arena = {0};
	unsigned char *pieces[2000];

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		pieces[i] = arena_alloc(&arena, i * 7 % 1500);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < i * 7 % 1500; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i & 0xff), i * 7 % 1500);
	}
	for (size_t i = 0; i < 2000; i++) {
		for (size_t j = 0; j < i * 7 % 1500; j++)
			assert_int_equal(pieces[i][j], i & 0xff);
	}
	arena_fini(&arena);
	assert_null(arena.head);
}

static void what_is_reserved_is_one_block_and_no_limit(void **state)
{
	struct arena arena = {0};
	struct arena_block *first;

	(void)state;
	arena_reserve(&arena, 32);
	first = arena.head;
	arena_reserve(&arena, 1000);
	arena_alloc(&arena, 16);
	arena_alloc(&arena, 16);
	assert_ptr_equal(arena.head, first);
	memset(arena_alloc(&arena, 16), 'x', 16);
	assert_ptr_not_equal(arena.head, first);
	arena_fini(&arena);
}

static void a_piece_larger_than_any_block(void **state)
{
	struct arena arena = {0};
	char *small = arena_alloc(&arena, 10);
	char *large = arena_alloc(&arena, 1000000);

	(void)state;
	memset(large, 'x', 1000000);
	assert_int_equal(small[0], 0);
	arena_fini(&arena);
	arena_fini(&arena);
}

static void texts_are_copied_and_ended(void **state)
{
	struct arena arena = {0};
	char source[] = "abc";
	struct span copy = arena_span(&arena, (struct span){source, 3});

	(void)state;
	source[0] = 'x';
	assert_string_equal(copy.ptr, "abc");
	assert_int_equal(copy.len, 3);
	assert_string_equal(arena_text(&arena, NULL, 0), "");
	assert_string_equal(arena_text(&arena, "abcdef", 2), "ab");
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 42), "x-42");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size),
		cmocka_unit_test(what_is_reserved_is_one_block_and_no_limit),
		cmocka_unit_test(a_piece_larger_than_any_block),
		cmocka_unit_test(texts_are_copied_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
