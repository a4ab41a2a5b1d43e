/*
 * Who connected reads the same whether it is kept as numbers or as text; what was kept for somebody
 * stays where it is. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"

static const union listen_address ipv4 = {
	.in = {.sin_family = AF_INET, .sin_addr = {.s_addr = 0xffffffff}, .sin_port = 0xffff}};
static const union listen_address ipv6 = {
	.in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = 0xffff}};

static void begin(struct conn *conn, struct conn_set *set, const union listen_address *address)
{
	*conn = (struct conn){.set = set, .fd = -1};
	conn_peer_init(conn, address);
}

static void an_ipv4_peer_is_text_when_it_is_asked_for(void **state)
{
	struct conn_set set = {0};
	struct conn conn;

	(void)state;
	begin(&conn, &set, &ipv4);
	assert_false(conn.has_peer_text);
	assert_string_equal(conn_peer(&conn), "255.255.255.255:65535");
	assert_false(conn.has_peer_text);
	conn_peer_fini(&conn);
}

static void others_are_text(void **state)
{
	union listen_address address = {.un = {.sun_family = AF_UNIX}};
	struct conn_set set = {0};
	struct conn conn;
	char expected[64];
	int pair[2];

	(void)state;
	begin(&conn, &set, &ipv6);
	assert_string_equal(conn_peer(&conn), "[::1]:65535");
	conn_peer_fini(&conn);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	conn.fd = pair[0];
	conn_peer_init(&conn, &address);
	snprintf(expected, sizeof(expected), "unix:pid=%ld,uid=%lu", (long)getpid(),
		(unsigned long)getuid());
	assert_string_equal(conn_peer(&conn), expected);
	conn_peer_fini(&conn);
	close(pair[0]);
	close(pair[1]);
}

static void kept_texts_of_two_stand_side_by_side(void **state)
{
	struct conn_set set = {0};
	struct conn one, two;
	union listen_address other = ipv4;
	const char *of_one, *of_two;

	(void)state;
	other.in.sin_port = 0;
	begin(&one, &set, &ipv4);
	begin(&two, &set, &other);
	of_one = conn_peer_keep(&one);
	of_two = conn_peer_keep(&two);
	assert_string_equal(of_one, "255.255.255.255:65535");
	assert_string_equal(of_two, "255.255.255.255:0");
	assert_ptr_equal(conn_peer_keep(&one), of_one);
	assert_ptr_equal(conn_peer(&one), of_one);
	conn_peer_fini(&one);
	conn_peer_fini(&two);
}

static void a_proxy_names_somebody_else(void **state)
{
	struct conn_set set = {0};
	struct conn conn;

	(void)state;
	begin(&conn, &set, &ipv4);
	conn_peer_set(&conn, "192.0.2.1:4711");
	assert_string_equal(conn_peer(&conn), "192.0.2.1:4711");
	conn_peer_set(&conn, conn_peer_keep(&conn));
	assert_string_equal(conn_peer(&conn), "192.0.2.1:4711");
	conn_peer_fini(&conn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_peer_is_text_when_it_is_asked_for),
		cmocka_unit_test(others_are_text),
		cmocka_unit_test(kept_texts_of_two_stand_side_by_side),
		cmocka_unit_test(a_proxy_names_somebody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
