/*
 * An address is split into host and port, and what people write instead is answered with what they
 * should have written. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "config/config.h"

static void splits_host_and_port(void **state)
{
	static const char *const rows[][3] = {
		{"127.0.0.1:8000", "127.0.0.1", "8000"},
		{"0.0.0.0:0", "0.0.0.0", "0"},
		{"localhost:65535", "localhost", "65535"},
		{"my-host.example.org:80", "my-host.example.org", "80"},
		{"[::1]:8000", "::1", "8000"},
		{"[::]:0", "::", "0"},
		{"[fe80::1%eth0]:80", "fe80::1%eth0", "80"},
		{"[::ffff:1.2.3.4]:80", "::ffff:1.2.3.4", "80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = {0};
		struct err_list why = {0};
		struct listen_conf conf;
		struct conf_text address = {.text = rows[i][0]};

		if (!listen_conf_parse(&conf, address, NULL, &arena, &why))
			fail_msg("%s", why.items[0].text);
		assert_string_equal(conf.address.text, rows[i][0]);
		assert_string_equal(conf.host, rows[i][1]);
		assert_string_equal(conf.port, rows[i][2]);
		arena_fini(&arena);
	}
}

/* A scheme can change while the socket stays; of any free port there may be several. */
static void the_scheme_is_no_part_of_the_socket(void **state)
{
	static const struct {
		const char *address, *socket, *port;
		bool is_tls;
	} rows[] = {
		{"127.0.0.1:80", "127.0.0.1:80", "80", false},
		{"http://127.0.0.1:80", "127.0.0.1:80", "80", false},
		{"https://127.0.0.1:80", "127.0.0.1:80", "80", true},
		{"https://[::1]:443", "[::1]:443", "443", true},
		{"http://127.0.0.1:0", "127.0.0.1:0", "0", false},
		{"https://127.0.0.1:0", "https://127.0.0.1:0", "0", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = {0};
		struct err_list why = {0};
		struct listen_conf conf;
		struct conf_text address = {.text = rows[i].address};

		if (!listen_conf_parse(&conf, address, NULL, &arena, &why))
			fail_msg("%s", why.items[0].text);
		assert_string_equal(conf.socket, rows[i].socket);
		assert_string_equal(conf.port, rows[i].port);
		assert_int_equal(conf.is_tls, rows[i].is_tls);
		arena_fini(&arena);
	}
}

/* Without a place, as for an address of the command line. */
static void answers_with_what_to_write(void **state)
{
	struct arena arena = {0};
	struct err_list why = {0};
	struct listen_conf conf;

	(void)state;
	assert_false(
		listen_conf_parse(&conf, (struct conf_text){.text = "8000"}, NULL, &arena, &why));
	assert_int_equal(why.count, 1);
	assert_string_equal(complaint_line(&why.items[0], &arena),
		"listen: found \"8000\", wanted host:port: write 127.0.0.1:8000");
	err_list_fini(&why);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_host_and_port),
		cmocka_unit_test(the_scheme_is_no_part_of_the_socket),
		cmocka_unit_test(answers_with_what_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
