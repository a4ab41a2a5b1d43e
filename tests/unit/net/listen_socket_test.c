/*
 * Sockets of one address share it among themselves and with nobody else; a client that waits in
 * one is still there when its process closes its own descriptor. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listen_socket.h"

static int open_any(void)
{
	struct err why;
	int fd = listen_socket_open("127.0.0.1", "0", &why);

	if (fd < 0)
		fail_msg("%s", why.text);
	return fd;
}

static int twin_of(int fd)
{
	struct err why;
	int twin = listen_socket_twin(fd, &why);

	if (twin < 0)
		fail_msg("%s", why.text);
	return twin;
}

static const char *port_of(char address[LISTEN_ADDRESS_SIZE], int fd)
{
	listen_socket_print(address, fd);
	return strrchr(address, ':') + 1;
}

static int connect_to(int listening)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	getsockname(listening, (struct sockaddr *)&address, &(socklen_t){sizeof(address)});
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void twins_share_the_clients(void **state)
{
	enum { CLIENTS = 64 };
	int fds[3] = {open_any()}, clients[CLIENTS], counts[3] = {0};
	char first[LISTEN_ADDRESS_SIZE], other[LISTEN_ADDRESS_SIZE];

	(void)state;
	listen_socket_print(first, fds[0]);
	for (int i = 1; i < 3; i++) {
		fds[i] = twin_of(fds[0]);
		listen_socket_print(other, fds[i]);
		assert_string_equal(first, other);
	}
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = connect_to(fds[0]);
	for (int i = 0; i < 3; i++) {
		int fd;

		while ((fd = accept(fds[i], NULL, NULL)) >= 0) {
			counts[i]++;
			close(fd);
		}
		close(fds[i]);
	}
	assert_int_equal(counts[0] + counts[1] + counts[2], CLIENTS);
	/* By hash: that one of three gets none of 64 happens once in ten thousand million times. */
	assert_true(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
}

static void another_host_gets_no_share(void **state)
{
	int fd = open_any(), twin = twin_of(fd);
	char address[LISTEN_ADDRESS_SIZE];
	struct err why;

	(void)state;
	assert_int_equal(listen_socket_open("127.0.0.1", port_of(address, fd), &why), -1);
	assert_non_null(strstr(why.text, "Address already in use"));
	/* Nor when only a twin is left. */
	close(fd);
	assert_int_equal(listen_socket_open("127.0.0.1", port_of(address, twin), &why), -1);
	close(twin);
}

static void clients_wait_as_long_as_one_descriptor_is_open(void **state)
{
	int fd = open_any(), workers = dup(fd), client = connect_to(fd), accepted;

	(void)state;
	close(workers);
	accepted = accept(fd, NULL, NULL);
	assert_true(accepted >= 0);
	assert_int_equal(send(client, "x", 1, 0), 1);
	close(accepted);
	close(client);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_share_the_clients),
		cmocka_unit_test(another_host_gets_no_share),
		cmocka_unit_test(clients_wait_as_long_as_one_descriptor_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
