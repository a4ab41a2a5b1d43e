/*
 * A redirect's location has the path's parameters in it, and none can lead elsewhere.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/redirect.h"

static const char *const params[] = {"a", "b", "rest", NULL};
static const char *const converters[] = {"str", "int", "path", NULL};

static void table_of_redirects_holds(void **state)
{
	static struct table table;
	char *columns[4], found[2000], input[2000];

	(void)state;
	table_open(&table, "redirect.txt");
	while (table_next(&table, columns, 4)) {
		struct arena arena = {0};
		struct buf out = {0};
		struct redirect redirect;
		struct span values[3], query = {NULL, 0};
		struct err why;

		snprintf(input, sizeof(input), "%s with %s", columns[0], columns[1]);
		values[0] = values[1] = values[2] = table_unescape(columns[1]);
		if (columns[2][0] == '?')
			query = span_of(columns[2] + 1);
		if (redirect_parse(&redirect, columns[0], params, converters, &arena, &why))
			redirect_write(&redirect, &out, values, query);
		else
			buf_printf(&out, "%s", why.text);
		snprintf(found, sizeof(found), "%.*s", SPAN_ARG(buf_span(&out)));
		table_expect(&table, input, found, columns[3]);
		buf_fini(&out);
		arena_fini(&arena);
	}
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table_of_redirects_holds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
