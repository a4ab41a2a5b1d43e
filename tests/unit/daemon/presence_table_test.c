/*
 * Who was added is listed under its topic until it or its worker goes; nobody else goes with it.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/presence_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add_label(void *context, const struct presence_row *row)
{
	char *out = context;
	size_t len = strlen(out);

	snprintf(out + len, 100 - len, "%d=%.*s ", (int)row->id, SPAN_ARG(row->label));
}

static const char *listed(const struct presence_table *table, const char *topic, char out[100])
{
	out[0] = '\0';
	presence_table_each(table, span_of(topic), add_label, out);
	return out;
}

static void lists_by_topic(void **state)
{
	struct presence_table table = {0};
	char out[100];

	(void)state;
	assert_string_equal(listed(&table, "a", out), "");
	presence_table_remove(&table, 1, SPAN("a"));
	assert_null(presence_table_first(&table, 0));
	presence_table_add(&table, 0, 1, SPAN("a"), SPAN("ann"));
	presence_table_add(&table, 1, 2, SPAN("a"), SPAN(""));
	presence_table_add(&table, 1, 2, SPAN("a/b"), SPAN("deep"));
	assert_string_equal(listed(&table, "a", out), "2= 1=ann ");
	assert_string_equal(listed(&table, "a/b", out), "2=deep ");
	assert_string_equal(listed(&table, "", out), "");
	presence_table_remove(&table, 1, SPAN("a/b"));
	presence_table_remove(&table, 2, SPAN("a"));
	assert_string_equal(listed(&table, "a", out), "1=ann ");
	assert_int_equal(table.count, 2);
	assert_true(span_equal(presence_table_first(&table, 1)->label, SPAN("deep")));
	presence_table_drop(&table, presence_table_first(&table, 1));
	assert_null(presence_table_first(&table, 1));
	assert_string_equal(listed(&table, "a", out), "1=ann ");
	presence_table_fini(&table);
	assert_int_equal(table.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists_by_topic)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
