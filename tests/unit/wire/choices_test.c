/*
 * One of several texts is found exactly, and any other is refused in pydantic's words.
 * SPDX-License-Identifier: MIT
 */
#include "wire/choices.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct choice colors[] = {{"red", 1}, {"green", 2}, {"blue", -3}, {"", 2}};

static void exactly_one_is_found(void **state)
{
	struct arena arena = {0};
	const struct choices *choices = choices_new(colors, 4, "enum", &arena);

	(void)state;
	assert_int_equal(choices_find(choices, SPAN("blue"))->value, -3);
	assert_int_equal(choices_find(choices, SPAN(""))->value, 2);
	assert_null(choices_find(choices, SPAN("Red")));
	assert_null(choices_find(choices, SPAN("red ")));
	assert_null(choices_find(choices, SPAN("red\0")));
	assert_string_equal(choices_name(choices, 2), "green");
	assert_null(choices_name(choices, 3));
	arena_fini(&arena);
}

static void the_error_lists_them(void **state)
{
	static const struct choice odd[] = {{"it's", 0}, {"x\"y", 0}, {"'\"", 0}, {"a\n\\\x01", 0}};
	static const struct {
		const struct choice *items;
		size_t count;
		const char *expected;
	} rows[] = {
		{colors, 1, "'red'"},
		{colors, 2, "'red' or 'green'"},
		{colors, 3, "'red', 'green' or 'blue'"},
		{odd, 1, "\"it's\""},
		{odd + 1, 2, "'x\"y' or '\\'\"'"},
		{odd + 3, 1, "'a\\n\\\\\\x01'"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct choices *choices = choices_new(
			rows[i].items, rows[i].count, "literal_error", &arena);

		assert_string_equal(choices->error.type, "literal_error");
		assert_string_equal(choices->error.message,
			arena_printf(&arena, "Input should be %s", rows[i].expected));
		assert_string_equal(choices->error.ctx[0].name, "expected");
		assert_string_equal(choices->error.ctx[0].value, rows[i].expected);
		assert_null(choices->error.ctx[1].name);
	}
	arena_fini(&arena);
}

static void texts_are_split(void **state)
{
	static const struct {
		const char *joined;
		size_t count;
		const char *first, *last;
	} rows[] = {{"a|b|c", 3, "a", "c"}, {"a", 1, "a", "a"}, {"|", 2, "", ""},
		{"a|", 2, "a", ""}, {"|b", 2, "", "b"}, {" a |b", 2, " a ", "b"}};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct texts texts = texts_split(rows[i].joined, &arena);

		if (texts.count != rows[i].count)
			fail_msg("%s: %zu texts", rows[i].joined, texts.count);
		assert_string_equal(texts.items[0], rows[i].first);
		assert_string_equal(texts.items[texts.count - 1], rows[i].last);
	}
	assert_int_equal(texts_split("", &arena).count, 0);
	assert_non_null(texts_split("", &arena).items);
	assert_null(texts_split(NULL, &arena).items);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_one_is_found),
		cmocka_unit_test(the_error_lists_them),
		cmocka_unit_test(texts_are_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
