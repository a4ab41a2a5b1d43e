/*
 * Origins are compared with hosts and with patterns as the table says; so are hosts with patterns.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/authority.h"
#include "wire/origin.h"

/* What is wrong with the pattern, or what it makes of the text. */
static const char *match(struct span pattern, struct span text,
	bool (*check)(struct span, struct err *), bool (*matches)(struct span, struct span))
{
	static struct err why;

	if (!check(pattern, &why))
		return why.text;
	return matches(pattern, text) ? "yes" : "no";
}

static void table_of_origins_holds(void **state)
{
	static struct table table;
	char *columns[4], input[1000];

	(void)state;
	table_open(&table, "origin.txt");
	while (table_next(&table, columns, 4)) {
		struct span a, b;
		const char *found;

		snprintf(input, sizeof(input), "%s %s %s", columns[0], columns[1], columns[2]);
		a = table_unescape(columns[1]);
		b = table_unescape(columns[2]);
		if (strcmp(columns[0], "same") == 0)
			found = origin_is_same(a, b) ? "yes" : "no";
		else if (strcmp(columns[0], "origin") == 0)
			found = match(a, b, origin_pattern_check, origin_pattern_matches);
		else
			found = match(a, b, authority_pattern_check, authority_pattern_matches);
		table_expect(&table, input, found, columns[3]);
	}
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table_of_origins_holds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
