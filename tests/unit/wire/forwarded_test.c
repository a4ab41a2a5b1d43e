/*
 * The client behind trusted proxies is found as the table says. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/forwarded.h"

enum { RANGES_MAX = 8 };

static size_t read_trusted(struct ip_range *ranges, struct span list)
{
	size_t count = 0;
	struct err why;

	while (list.ptr != NULL && count < RANGES_MAX)
		assert_true(ip_range_parse(&ranges[count++], span_cut(&list, ' '), &why));
	return count;
}

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

static void describe(char *out, size_t size, const struct forwarded *found)
{
	static const char *const schemes[] = {"-", "http", "https"};

	snprintf(out, size, "%.*s %s %.*s", found->peer.ptr == NULL ? 1 : (int)found->peer.len,
		found->peer.ptr == NULL ? "-" : found->peer.ptr, schemes[found->scheme],
		found->host.ptr == NULL ? 1 : (int)found->host.len,
		found->host.ptr == NULL ? "-" : found->host.ptr);
}

static void table_of_proxies_holds(void **state)
{
	static struct table table;
	static struct http_head head;
	char *columns[4], found[1000], input[4000];

	(void)state;
	table_open(&table, "forwarded.txt");
	while (table_next(&table, columns, 4)) {
		struct ip_range ranges[RANGES_MAX];
		size_t count = read_trusted(ranges, span_of(columns[1]));
		struct forwarded forwarded;
		struct err why;

		snprintf(input, sizeof(input), "%s %s", columns[0], columns[2]);
		read_headers(&head, table_unescape(columns[2]));
		if (forwarded_find(&forwarded, &head,
			    columns[0][0] == 'x' ? FORWARDED_X : FORWARDED_RFC7239, ranges, count,
			    &why))
			describe(found, sizeof(found), &forwarded);
		else
			snprintf(found, sizeof(found), "%s", why.text);
		table_expect(&table, input, found, columns[3]);
	}
	table_close(&table);
}

static void only_listed_addresses_are_trusted(void **state)
{
	struct ip_range ranges[RANGES_MAX];
	size_t count = read_trusted(ranges, SPAN("10.0.0.0/8 ::1 unix"));

	(void)state;
	assert_true(forwarded_is_trusted(SPAN("10.1.2.3:4711"), ranges, count));
	assert_true(forwarded_is_trusted(SPAN("[::ffff:10.1.2.3]:1"), ranges, count));
	assert_true(forwarded_is_trusted(SPAN("[::1]:4711"), ranges, count));
	assert_true(forwarded_is_trusted(SPAN("unix:/run/s"), ranges, count));
	assert_false(forwarded_is_trusted(SPAN("11.1.2.3:4711"), ranges, count));
	assert_false(forwarded_is_trusted(SPAN("[::2]:4711"), ranges, count));
	assert_false(forwarded_is_trusted(SPAN("nobody"), ranges, count));
	assert_false(forwarded_is_trusted(SPAN("10.1.2.3:4711"), ranges, 0));
}

/* More entries than are kept, all trusted: the walk ends, and a client's flood does not count. */
static void long_chains_end(void **state)
{
	static char line[20000];
	static struct http_head head;
	struct ip_range range;
	struct forwarded found;
	struct err why;

	(void)state;
	assert_true(ip_range_parse(&range, SPAN("10.0.0.0/8"), &why));
	for (size_t i = 0; i < 1500; i++)
		strcat(line + 10 * i, "10.0.0.1, ");
	head.header_count = 1;
	head.headers[0] = (struct http_header){SPAN("X-Forwarded-For"), span_of(line)};
	assert_true(forwarded_find(&found, &head, FORWARDED_X, &range, 1, &why));
	assert_true(span_equal(found.peer, SPAN("10.0.0.1")));
	strcat(line, "203.0.113.9");
	head.headers[0].value = span_of(line);
	assert_true(forwarded_find(&found, &head, FORWARDED_X, &range, 1, &why));
	assert_true(span_equal(found.peer, SPAN("203.0.113.9")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_proxies_holds),
		cmocka_unit_test(only_listed_addresses_are_trusted),
		cmocka_unit_test(long_chains_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
