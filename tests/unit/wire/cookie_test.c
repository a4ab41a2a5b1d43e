/*
 * Cookie headers give the pairs that FastAPI's stack would see. SPDX-License-Identifier: MIT
 */
#include "pairs.h"

#include "wire/cookie.h"
#include "base/utf8.h"

static void cookies_decode_as_in_python(void **state)
{
	static struct table table;
	static struct http_head head;
	char *columns[2], found[2000], wanted[2000];

	(void)state;
	table_open(&table, "cookie.txt");
	while (table_next(&table, columns, 2)) {
		struct arena arena = {0};
		struct pair *pairs;
		size_t count;

		head.header_count = 1;
		head.headers[0] = (struct http_header){
			SPAN("Cookie"), span_trim(table_unescape(columns[0]))};
		pairs = cookie_decode(&head, &arena, &count);
		table_escape(wanted, sizeof(wanted), table_unescape(columns[1]));
		table_expect(&table, columns[0], pairs_describe(found, sizeof(found), pairs, count),
			wanted);
		for (size_t i = 0; i < count; i++)
			assert_true(utf8_valid(pairs[i].name) && utf8_valid(pairs[i].value));
		arena_fini(&arena);
	}
	table_close(&table);
}

static void cookies_of_all_lines_come_in_order(void **state)
{
	static const struct http_head head = {.header_count = 4,
		.headers = {{{"Cookie", 6}, {"a=1; b=2", 8}}, {{"X", 1}, {"x=y", 3}},
			{{"cookie", 6}, {"a=3", 3}}, {{"COOKIE", 6}, {"", 0}}}};
	struct arena arena = {0};
	size_t count;
	struct pair *pairs = cookie_decode(&head, &arena, &count);
	char found[200];

	(void)state;
	assert_string_equal(
		pairs_describe(found, sizeof(found), pairs, count), "[a][1][b][2][a][3]");
	arena_fini(&arena);
}

static void no_header_has_no_cookies(void **state)
{
	static const struct http_head head;
	struct arena arena = {0};
	size_t count = 9;

	(void)state;
	cookie_decode(&head, &arena, &count);
	assert_int_equal(count, 0);
	arena_fini(&arena);
}

/* The bound that cookie.h promises: none is lost, none can be added. */
static void the_longest_header_gives_all_its_cookies(void **state)
{
	static char value[HTTP_HEAD_MAX];
	static struct http_head head = {
		.header_count = 1, .headers = {{{"Cookie", 6}, {value, sizeof(value)}}}};
	struct arena arena = {0};
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = i % 2 == 0 ? 'a' : ';';
	cookie_decode(&head, &arena, &count);
	assert_int_equal(count, sizeof(value) / 2);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_decode_as_in_python),
		cmocka_unit_test(cookies_of_all_lines_come_in_order),
		cmocka_unit_test(no_header_has_no_cookies),
		cmocka_unit_test(the_longest_header_gives_all_its_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
