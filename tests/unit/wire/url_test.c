/*
 * Paths and queries decode as in Python's urllib.parse, and always to valid UTF-8.
 * SPDX-License-Identifier: MIT
 */
#include "pairs.h"

#include "wire/http_head.h"
#include "base/utf8.h"

static void paths_decode_as_in_python(void **state)
{
	static struct table table;
	char *columns[2], found[2000], wanted[2000];

	(void)state;
	table_open(&table, "url_path.txt");
	while (table_next(&table, columns, 2)) {
		struct arena arena = {0};
		struct span path = url_decode_path(table_unescape(columns[0]), &arena);

		table_escape(wanted, sizeof(wanted), table_unescape(columns[1]));
		table_expect(&table, columns[0], table_escape(found, sizeof(found), path), wanted);
		assert_true(utf8_valid(path));
		arena_fini(&arena);
	}
	table_close(&table);
}

static void queries_decode_as_in_python(void **state)
{
	static struct table table;
	char *columns[2], found[2000], wanted[2000];

	(void)state;
	table_open(&table, "url_query.txt");
	while (table_next(&table, columns, 2)) {
		struct arena arena = {0};
		size_t count;
		struct pair *pairs = url_decode_query(table_unescape(columns[0]), &arena, &count);

		table_escape(wanted, sizeof(wanted), table_unescape(columns[1]));
		table_expect(&table, columns[0], pairs_describe(found, sizeof(found), pairs, count),
			wanted);
		arena_fini(&arena);
	}
	table_close(&table);
}

static void what_needs_no_decoding_is_borrowed(void **state)
{
	struct arena arena = {0};
	struct span plain = SPAN("/a+b/c");

	(void)state;
	assert_ptr_equal(url_decode_path(plain, &arena).ptr, plain.ptr);
	assert_null(arena.head);
	arena_fini(&arena);
}

static void no_query_has_no_pairs(void **state)
{
	struct arena arena = {0};
	size_t count = 9;

	(void)state;
	url_decode_query((struct span){NULL, 0}, &arena, &count);
	assert_int_equal(count, 0);
	url_decode_query(SPAN(""), &arena, &count);
	assert_int_equal(count, 0);
	arena_fini(&arena);
}

/* The bound that url.h promises: none is lost, none can be added. */
static void the_longest_query_gives_all_its_pairs(void **state)
{
	static char query[HTTP_TARGET_MAX];
	struct arena arena = {0};
	struct pair *pairs;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(query); i++)
		query[i] = i % 2 == 0 ? (char)('a' + i / 2 % 26) : '&';
	pairs = url_decode_query((struct span){query, sizeof(query)}, &arena, &count);
	assert_int_equal(count, sizeof(query) / 2);
	assert_int_equal(pairs[count - 1].name.ptr[0], query[sizeof(query) - 2]);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_decode_as_in_python),
		cmocka_unit_test(queries_decode_as_in_python),
		cmocka_unit_test(what_needs_no_decoding_is_borrowed),
		cmocka_unit_test(no_query_has_no_pairs),
		cmocka_unit_test(the_longest_query_gives_all_its_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
