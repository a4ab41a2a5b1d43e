/*
 * Accept-Encoding weighs codings as RFC 9110 section 12.5.3 says. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/http_accept.h"

static void table_of_weights_holds(void **state)
{
	static struct table table;
	static struct http_head head;
	char *columns[2], found[100];

	(void)state;
	table_open(&table, "http_accept.txt");
	while (table_next(&table, columns, 2)) {
		struct span lines = span_of(columns[0]);

		head.header_count = 0;
		while (lines.ptr != NULL && columns[0][0] != '-')
			head.headers[head.header_count++] = (struct http_header){
				SPAN("Accept-Encoding"), span_trim(span_cut(&lines, '|'))};
		snprintf(found, sizeof(found), "%u %u %u", http_accept_coding(&head, SPAN("br")),
			http_accept_coding(&head, SPAN("gzip")),
			http_accept_coding(&head, SPAN("identity")));
		table_expect(&table, columns[0], found, columns[1]);
	}
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table_of_weights_holds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
