/*
 * Spans compare, trim and cut without ever reading behind their end. SPDX-License-Identifier: MIT
 */
#include "table.h"

static void comparing(void **state)
{
	struct span none = {NULL, 0};

	(void)state;
	assert_true(span_equal(SPAN("abc"), SPAN("abc")));
	assert_false(span_equal(SPAN("abc"), SPAN("abd")));
	assert_false(span_equal(SPAN("abc"), SPAN("ab")));
	assert_true(span_equal(none, SPAN("")));
	assert_true(span_equal_nocase(SPAN("aBc-1"), SPAN("AbC-1")));
	assert_false(span_equal_nocase(SPAN("a["), SPAN("A{")));
	assert_false(span_equal_nocase(SPAN("\xc3\xa9"), SPAN("\xc3\x89")));
	assert_true(span_equal_nocase(none, none));
	assert_true(span_starts(SPAN("abc"), SPAN("ab")));
	assert_true(span_starts(SPAN("abc"), none));
	assert_false(span_starts(SPAN("ab"), SPAN("abc")));
	assert_int_equal(span_of(NULL).len, 0);
	assert_int_equal(span_of("abc").len, 3);
}

static void trimming(void **state)
{
	static const char *const rows[][2] = {{"", ""}, {" ", ""}, {" \t ", ""}, {"a", "a"},
		{" a b\t", "a b"}, {"\ta", "a"}, {"a\n", "a\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span found = span_trim(span_of(rows[i][0]));

		if (!span_equal(found, span_of(rows[i][1])))
			fail_msg("\"%s\": \"%.*s\", wanted \"%s\"", rows[i][0], SPAN_ARG(found),
				rows[i][1]);
	}
	assert_int_equal(span_trim((struct span){NULL, 0}).len, 0);
}

static void cutting(void **state)
{
	static const char *const rows[][2] = {{"", "<>"}, {"a", "<a>"}, {"a,b", "<a><b>"},
		{",", "<><>"}, {"a,,b,", "<a><><b><>"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span rest = span_of(rows[i][0]);
		char found[64] = "";

		while (rest.ptr != NULL) {
			struct span part = span_cut(&rest, ',');
			size_t len = strlen(found);

			snprintf(found + len, sizeof(found) - len, "<%.*s>", SPAN_ARG(part));
		}
		assert_string_equal(found, rows[i][1]);
	}
}

static void finding_and_skipping(void **state)
{
	struct span none = {NULL, 0};

	(void)state;
	assert_int_equal(span_find(SPAN("abc"), 'c'), 2);
	assert_int_equal(span_find(SPAN("abc"), 'd'), 3);
	assert_int_equal(span_find(none, 'd'), 0);
	assert_true(span_equal(span_from(SPAN("abc"), 1), SPAN("bc")));
	assert_int_equal(span_from(SPAN("abc"), 3).len, 0);
	assert_int_equal(span_from(SPAN("abc"), 9).len, 0);
	assert_null(span_from(none, 9).ptr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing),
		cmocka_unit_test(trimming),
		cmocka_unit_test(cutting),
		cmocka_unit_test(finding_and_skipping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
