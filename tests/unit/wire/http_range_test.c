/*
 * A Range header gives one part, the whole, or nothing, as RFC 9110 section 14 says.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/http_range.h"

static void table_of_ranges_holds(void **state)
{
	static struct table table;
	static struct http_head head;
	char *columns[3], found[100];

	(void)state;
	table_open(&table, "http_range.txt");
	while (table_next(&table, columns, 3)) {
		uint64_t first = 0, len = 0;

		head.header_count = 1;
		head.headers[0] = (struct http_header){SPAN("Range"), span_of(columns[1])};
		switch (http_range_find(&head, strtoull(columns[0], NULL, 10), &first, &len)) {
		case HTTP_RANGE_PART:
			snprintf(found, sizeof(found), "%llu+%llu", (unsigned long long)first,
				(unsigned long long)len);
			break;
		case HTTP_RANGE_OUTSIDE:
			snprintf(found, sizeof(found), "outside");
			break;
		default:
			/* What was set before stays: it may be what is sent. */
			assert_true(first == 0 && len == 0);
			snprintf(found, sizeof(found), "whole");
		}
		table_expect(&table, columns[1], found, columns[2]);
	}
	table_close(&table);
}

static void none_or_two_are_the_whole(void **state)
{
	static struct http_head head;
	uint64_t first, len;

	(void)state;
	assert_int_equal(http_range_find(&head, 10, &first, &len), HTTP_RANGE_WHOLE);
	head.header_count = 2;
	head.headers[0] = (struct http_header){SPAN("Range"), SPAN("bytes=0-1")};
	head.headers[1] = head.headers[0];
	assert_int_equal(http_range_find(&head, 10, &first, &len), HTTP_RANGE_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_ranges_holds),
		cmocka_unit_test(none_or_two_are_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
