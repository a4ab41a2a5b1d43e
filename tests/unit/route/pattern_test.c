/*
 * A pattern is read into segments and names, and a wrong one is refused in words that say what to
 * do. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "route/pattern.h"

static void refuses_in_the_words_of_the_table(void **state)
{
	struct table table;
	char *columns[2], shown[300];

	(void)state;
	table_open(&table, "pattern_bad.txt");
	while (table_next(&table, columns, 2)) {
		struct arena arena = {0};
		struct pattern pattern;
		struct err why = {.text = "(accepted)"};
		struct span text = table_unescape(columns[0]);

		columns[0][text.len] = '\0';
		pattern_parse(&pattern, columns[0], &arena, &why);
		table_expect(
			&table, table_escape(shown, sizeof(shown), text), why.text, columns[1]);
		arena_fini(&arena);
	}
	table_close(&table);
}

static void names_parameters_in_order(void **state)
{
	struct arena arena = {0};
	struct pattern pattern;
	struct err why;

	(void)state;
	assert_true(pattern_parse(&pattern, "/a/{n:int}//{_x2}/{rest:path}", &arena, &why));
	assert_string_equal(pattern.text, "/a/{n:int}//{_x2}/{rest:path}");
	assert_int_equal(pattern.segment_count, 5);
	assert_int_equal(pattern.segments[0].kind, SEGMENT_STATIC);
	assert_int_equal(pattern.segments[1].kind, SEGMENT_INT);
	assert_int_equal(pattern.segments[2].kind, SEGMENT_STATIC);
	assert_int_equal(pattern.segments[2].text.len, 0);
	assert_int_equal(pattern.segments[3].kind, SEGMENT_STR);
	assert_int_equal(pattern.segments[4].kind, SEGMENT_PATH);
	assert_int_equal(pattern.param_count, 3);
	assert_string_equal(pattern.params[0], "n");
	assert_string_equal(pattern.params[1], "_x2");
	assert_string_equal(pattern.params[2], "rest");
	arena_fini(&arena);
}

static void keeps_its_own_copy(void **state)
{
	char text[] = "/{x}";
	struct arena arena = {0};
	struct pattern pattern;
	struct err why;

	(void)state;
	assert_true(pattern_parse(&pattern, text, &arena, &why));
	memset(text, 'y', sizeof(text) - 1);
	assert_string_equal(pattern.text, "/{x}");
	assert_true(span_equal(pattern.segments[0].text, SPAN("x")));
	arena_fini(&arena);
}

static void takes_as_much_as_it_says(void **state)
{
	char text[PATTERN_SEGMENTS_MAX + 1];
	struct arena arena = {0};
	struct pattern pattern;
	struct err why;

	(void)state;
	memset(text, '/', PATTERN_SEGMENTS_MAX);
	text[PATTERN_SEGMENTS_MAX] = '\0';
	assert_true(pattern_parse(&pattern, text, &arena, &why));
	assert_int_equal(pattern.segment_count, PATTERN_SEGMENTS_MAX);
	assert_true(pattern_parse(&pattern,
		"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}", &arena, &why));
	assert_int_equal(pattern.param_count, PATTERN_PARAMS_MAX);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_in_the_words_of_the_table),
		cmocka_unit_test(names_parameters_in_order),
		cmocka_unit_test(keeps_its_own_copy),
		cmocka_unit_test(takes_as_much_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
