/*
 * Who was added is listed under its topic until it or its worker goes; nobody else goes with it,
 * and members of other hosts with the same numbers are others. SPDX-License-Identifier: MIT
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
	presence_table_init(&table);
	assert_string_equal(listed(&table, "a", out), "");
	assert_null(presence_table_find(&table, 0, 1, SPAN("a")));
	assert_null(presence_table_first(&table, 0));
	presence_table_add(&table, 0, 1, SPAN("a"), SPAN("ann"));
	presence_table_add(&table, 1, 2, SPAN("a"), SPAN(""));
	presence_table_add(&table, 1, 2, SPAN("a/b"), SPAN("deep"));
	assert_string_equal(listed(&table, "a", out), "2= 1=ann ");
	assert_string_equal(listed(&table, "a/b", out), "2=deep ");
	assert_string_equal(listed(&table, "", out), "");
	assert_null(presence_table_find(&table, 0, 1, SPAN("a/b")));
	presence_table_drop(&table, presence_table_find(&table, 0, 2, SPAN("a")));
	assert_string_equal(listed(&table, "a", out), "1=ann ");
	assert_int_equal(table.count, 2);
	assert_true(span_equal(presence_table_first(&table, 1)->label, SPAN("deep")));
	presence_table_drop(&table, presence_table_first(&table, 1));
	assert_null(presence_table_first(&table, 1));
	assert_string_equal(listed(&table, "a", out), "1=ann ");
	presence_table_fini(&table);
	assert_int_equal(table.count, 0);
}

static void tells_hosts_apart(void **state)
{
	struct presence_table table = {0};
	struct presence_row *own, *other;
	char out[100];

	(void)state;
	presence_table_init(&table);
	own = presence_table_add(&table, 0, 1, SPAN("a"), SPAN("own"));
	other = presence_table_add_other(&table, 7, 1, SPAN("a"), SPAN("other"));
	assert_ptr_equal(presence_table_find(&table, 0, 1, SPAN("a")), own);
	assert_ptr_equal(presence_table_find(&table, 7, 1, SPAN("a")), other);
	assert_null(presence_table_find(&table, 8, 1, SPAN("a")));
	assert_string_equal(listed(&table, "a", out), "1=other 1=own ");
	assert_int_equal(table.count, 1);
	presence_table_drop(&table, own);
	assert_string_equal(listed(&table, "a", out), "1=other ");
	presence_table_drop(&table, other);
	presence_table_fini(&table);
}

static void knows_the_order_in_which_ours_came(void **state)
{
	struct presence_table table = {0};
	struct presence_row *first, *last;

	(void)state;
	presence_table_init(&table);
	first = presence_table_add(&table, 0, 1, SPAN("a"), SPAN(""));
	presence_table_add_other(&table, 7, 1, SPAN("a"), SPAN(""));
	last = presence_table_add(&table, 1, 2, SPAN("b"), SPAN(""));
	assert_ptr_equal(TAILQ_FIRST(&table.of_age), first);
	assert_ptr_equal(TAILQ_NEXT(first, of_age), last);
	assert_null(TAILQ_NEXT(last, of_age));
	presence_table_drop(&table, presence_table_find(&table, 7, 1, SPAN("a")));
	presence_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists_by_topic),
		cmocka_unit_test(tells_hosts_apart),
		cmocka_unit_test(knows_the_order_in_which_ours_came)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
