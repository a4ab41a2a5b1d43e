/*
 * One client has one address, however it is written. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "call/client_address.h"

static const struct {
	const char *peer;
	unsigned prefix;
	const char *hex; /* "": none */
} rows[] = {
	{"192.0.2.1:4711", 64, "c0000201"},
	{"192.0.2.1", 64, "c0000201"},
	{"[::ffff:192.0.2.1]:80", 64, "c0000201"},
	{"::ffff:192.0.2.1", 64, "c0000201"},
	{"[2001:db8:1:2:3:4:5:6]:80", 64, "20010db8000100020000000000000000"},
	{"2001:db8:1:2:3:4:5:6", 64, "20010db8000100020000000000000000"},
	{"2001:db8:1:2:3:4:5:6", 128, "20010db8000100020003000400050006"},
	{"2001:db8:1:2ff:3:4:5:6", 57, "20010db8000102800000000000000000"},
	{"2001:db8:ffff::1", 33, "20010db8800000000000000000000000"},
	{"[ffff::1]:1", 1, "80000000000000000000000000000000"},
	{"[fe80::1%eth0]:80", 64, "fe800000000000000000000000000000"},
	{"unix:", 64, ""},
	{"unix:/run/socket", 64, ""},
	{"", 64, ""},
	{"[", 64, ""},
	{"[]", 64, ""},
	{":", 64, ""},
	{"unknown", 64, ""},
	{"_hidden:1", 64, ""},
	{"192.0.2.1.5:80", 64, ""},
	{"2001:db8:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18", 64, ""},
};

static void addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[CLIENT_ADDRESS_MAX];
		size_t len = client_address_parse(bytes, rows[i].peer, rows[i].prefix);
		char hex[2 * CLIENT_ADDRESS_MAX + 1] = "";

		for (size_t n = 0; n < len; n++)
			snprintf(hex + 2 * n, 3, "%02x", bytes[n]);
		if (strcmp(hex, rows[i].hex) != 0)
			fail_msg("%s/%u: \"%s\", wanted \"%s\"", rows[i].peer, rows[i].prefix, hex,
				rows[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
