/*
 * A range holds the addresses that begin as it does, in whatever form they are written.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "wire/ip_range.h"

static void expect_members(
	struct table *table, const struct ip_range *range, char *list, bool is_in)
{
	for (char *text = strtok(list, " "); text != NULL; text = strtok(NULL, " ")) {
		struct ip_address address;
		bool is_read = ip_address_parse(&address, span_of(text));

		table_expect(table, text,
			!is_read                        ? "no address"
			: ip_range_has(range, &address) ? "inside"
							: "outside",
			is_in ? "inside" : "outside");
	}
}

static void ranges_hold_what_begins_alike(void **state)
{
	static struct table table;
	char *columns[3];

	(void)state;
	table_open(&table, "ip_range.txt");
	while (table_next(&table, columns, 3)) {
		struct ip_range range;
		struct err why = {0};
		bool is_right = ip_range_parse(&range, span_of(columns[0]), &why);

		if (!is_right || strcmp(columns[1], "!") == 0) {
			table_expect(
				&table, columns[0], is_right ? "a range" : why.text, columns[2]);
			continue;
		}
		expect_members(&table, &range, columns[1], true);
		expect_members(&table, &range, columns[2], false);
	}
	table_close(&table);
}

static void other_texts_are_no_addresses(void **state)
{
	static const char *const texts[] = {"", ":", ":80", "1.2.3", "1.2.3.4.5",
		"1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4:000080", "1.2.3.4 ", "[::1",
		"[::1]80", "[::1]:", "[1.2.3.4]", "[]", ":::", "1::2::3", "unixx", "unknown",
		"_hidden", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", "::1]"};
	struct ip_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (ip_address_parse(&address, span_of(texts[i])))
			fail_msg("\"%s\" was taken for an address", texts[i]);
	assert_false(ip_address_parse(&address, (struct span){"::1\0", 4}));
}

static void sockets_addresses_are_the_same(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = 80};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = 80};
	const struct sockaddr_un un = {.sun_family = AF_UNIX};
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct ip_address found, wanted;

	(void)state;
	inet_pton(AF_INET, "10.1.2.3", &in.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	assert_true(ip_address_from(&found, (const struct sockaddr *)&in));
	assert_true(ip_address_parse(&wanted, SPAN("10.1.2.3")));
	assert_memory_equal(&found, &wanted, sizeof(found));
	assert_true(ip_address_from(&found, (const struct sockaddr *)&in6));
	assert_true(ip_address_parse(&wanted, SPAN("2001:db8::1")));
	assert_memory_equal(&found, &wanted, sizeof(found));
	assert_true(ip_address_from(&found, (const struct sockaddr *)&un));
	assert_true(found.is_unix);
	assert_false(ip_address_from(&found, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_hold_what_begins_alike),
		cmocka_unit_test(other_texts_are_no_addresses),
		cmocka_unit_test(sockets_addresses_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
