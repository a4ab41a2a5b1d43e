/*
 * Conditional requests hold or not, in the order of RFC 9110 section 13.2.2.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/http_conditions.h"

/* Header lines, parted by " | ". */
static void read_headers(struct http_head *head, struct span lines)
{
	head->header_count = 0;
	while (lines.ptr != NULL) {
		struct span value = span_trim(span_cut(&lines, '|'));
		struct span name = span_cut(&value, ':');

		head->headers[head->header_count++] = (struct http_header){name, span_trim(value)};
	}
}

static void table_of_conditions_holds(void **state)
{
	static struct table table;
	static struct http_head head;
	static const char *const names[] = {"holds", "304", "412"};
	char *columns[3], found[100];

	(void)state;
	table_open(&table, "http_conditions.txt");
	while (table_next(&table, columns, 3)) {
		/* 784111777 is the date in RFC 9110's examples. */
		const struct http_validators now = {span_of(columns[0]), 784111777};

		read_headers(&head, span_of(columns[1]));
		snprintf(found, sizeof(found), "%s%s", names[http_conditions_check(&head, &now)],
			http_conditions_may_range(&head, &now) ? "" : " whole");
		table_expect(&table, columns[1], found, columns[2]);
	}
	table_close(&table);
}

static void three_forms_of_dates_are_read(void **state)
{
	static const struct {
		const char *text;
		long long seconds; /* -1: none */
	} rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
		{"Sun Nov  6 08:49:37 1994", 784111777},
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
		{"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
		{"Sun, 06 Nov 1994 08:49:37 UTC", -1},
		{"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
		{"Sun, 06 Nov 1994 08:49:37", -1},
		{"Sun, 06 Nox 1994 08:49:37 GMT", -1},
		{"Sun, 32 Nov 1994 08:49:37 GMT", -1},
		{"Sun, 06 Nov 1994 24:49:37 GMT", -1},
		{"Sun, 06 Nov 0094 08:49:37 GMT", -1},
		{"Sun, 06 Nov 1994 08:-1:37 GMT", -1},
		{"784111777", -1},
		{"", -1},
		{"Sun, 06 Nov 1994 08:49:37 GMT and so on and so forth", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		time_t found = -1;

		if (!http_conditions_parse_date(span_of(rows[i].text), &found))
			found = -1;
		if (found != rows[i].seconds)
			fail_msg("%s: found %lld, wanted %lld", rows[i].text, (long long)found,
				rows[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_conditions_holds),
		cmocka_unit_test(three_forms_of_dates_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
