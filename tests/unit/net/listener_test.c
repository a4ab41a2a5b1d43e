/*
 * A listener binds what it is asked to and says where it really is; when descriptors run out it
 * turns connections away and does not spin. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "net/rig.h"

static const struct {
	const char *host, *prefix;
} hosts[] = {
	{"127.0.0.1", "127.0.0.1:"},
	{"::1", "[::1]:"},
	{"0.0.0.0", "0.0.0.0:"},
	{"::", "[::]:"},
	{"", "0.0.0.0:"},
};

static void the_real_address_can_be_read(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct err why;
		struct listener *listener = rig_listen(rig, hosts[i].host, "0", &why);
		const char *address;

		if (listener == NULL)
			fail_msg("%s: %s", hosts[i].host, why.text);
		address = listener_address(listener);
		if (strncmp(address, hosts[i].prefix, strlen(hosts[i].prefix)) != 0 ||
			atoi(address + strlen(hosts[i].prefix)) <= 0)
			fail_msg("%s: wanted %s and a port, found %s", hosts[i].host,
				hosts[i].prefix, address);
		worker_unlisten(rig->worker, listener);
	}
}

static void what_cannot_be_bound_is_explained(void **state)
{
	struct rig *rig = *state;
	const char *port = strchr(listener_address(rig->listener), ':') + 1;
	struct err why;

	assert_null(rig_listen(rig, "127.0.0.1", port, &why));
	assert_non_null(strstr(why.text, "Address already in use"));
	assert_null(rig_listen(rig, "no.such.host.invalid", "1", &why));
	assert_non_null(strstr(why.text, "cannot resolve no.such.host.invalid port 1: "));
	assert_null(rig_listen(rig, "192.0.2.1", "0", &why));
	assert_non_null(strstr(why.text, "Cannot assign requested address"));
}

static void the_port_is_free_again_at_once(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct err why;
	char port[8];

	strcpy(port, strchr(listener_address(rig->listener), ':') + 1);
	client_open(rig, &client);
	client_say(rig, &client, "GET /close HTTP/1.1\r\nHost: x\r\n\r\n");
	client_expect_answer(rig, &client, 200, "/close");
	worker_unlisten(rig->worker, rig->listener);
	rig->listener = rig_listen(rig, "127.0.0.1", port, &why);
	assert_non_null(rig->listener);
	client_close(&client);
}

/* The newest descriptor in this process that is a socket: the accepted one. */
static void accepted_sockets_have_no_delay(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct sockaddr_in mine;
	int found = 0;

	client_open(rig, &client);
	rig_expect_connections(rig, 1);
	getsockname(client.fd, (struct sockaddr *)&mine, &(socklen_t){sizeof(mine)});
	for (int fd = 3; fd < 100; fd++) {
		struct sockaddr_in peer = {0};
		int no_delay = 0;

		if (getpeername(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof(peer)}) != 0 ||
			peer.sin_port != mine.sin_port)
			continue;
		getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &(socklen_t){sizeof(int)});
		assert_int_equal(no_delay, 1);
		assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		found++;
	}
	assert_int_equal(found, 1);
	client_close(&client);
}

/* Uses up every descriptor but `spare`. */
static size_t use_up(int *fds, size_t max, size_t spare)
{
	size_t count = 0;
	int fd;

	while (count < max && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		fds[count++] = fd;
	for (size_t i = 0; i < spare; i++)
		close(fds[--count]);
	return count;
}

static void out_of_descriptors_is_503_and_no_spin(void **state)
{
	struct rlimit old, low;
	struct rig *rig = *state;
	struct client held, away, next;
	int fds[256];
	size_t count;

	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 128;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	count = use_up(fds, 256, 3);
	client_open(rig, &held);
	client_get(rig, &held, "/text");
	client_expect_answer(rig, &held, 200, "/text");
	client_open(rig, &away);
	client_get(rig, &away, "/text");
	client_expect_answer(rig, &away, 503, "");
	client_expect_end(rig, &away);
	assert_int_equal(worker_connection_count(rig->worker), 1);
	/* With room again, all is as before. */
	while (count > 0)
		close(fds[--count]);
	client_close(&away);
	client_open(rig, &next);
	client_get(rig, &next, "/next");
	client_expect_answer(rig, &next, 200, "/next");
	client_close(&next);
	client_close(&held);
	setrlimit(RLIMIT_NOFILE, &old);
}

/* Stands in for the library's: the whole machine may be out of files, which no test can arrange. */
static unsigned accept_calls;
static int accept_error;

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	accept_calls++;
	if (accept_error == 0)
		return (int)syscall(SYS_accept4, fd, address.__sockaddr__, len, flags);
	errno = accept_error;
	return -1;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const int lasting[] = {ENFILE, EMFILE, ENOMEM, ENOBUFS};

static bool was_tried(struct rig *rig, void *context)
{
	(void)rig;
	return accept_calls > *(unsigned *)context;
}

/* Counted, not timed: however slow the machine, there is a rest of 100 ms between two tries. */
static void an_error_that_lasts_is_no_spin(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
		unsigned before = accept_calls, calls;
		uint64_t start = now_ms(), rests;
		struct client client;

		accept_error = lasting[i];
		client_open(rig, &client);
		client_say(rig, &client, "GET /text HTTP/1.1\r\nHost: x\r\n\r\n");
		rig_until(rig, was_tried, &before, "accept to be called");
		for (int turn = 0; turn < 2000; turn++)
			rig_turn(rig);
		calls = accept_calls - before;
		rests = (now_ms() - start) / 100 + 1;
		/* Each try is one call, and one more with the reserve given up. */
		if (calls > 2 * (rests + 1))
			fail_msg("%s: %u calls of accept in %llu rests", strerror(lasting[i]),
				calls, (unsigned long long)rests);
		accept_error = 0;
		client_expect_answer(rig, &client, 200, "/text");
		client_close(&client);
	}
}

static void a_stopped_worker_only_finishes_what_it_began(void **state)
{
	struct rig *rig = *state;
	struct client idle, busy, open;
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	client_open(rig, &idle);
	client_get(rig, &idle, "/a");
	client_expect_answer(rig, &idle, 200, "/a");
	client_open(rig, &busy);
	client_say(rig, &busy, "GET /b HTTP/1.1\r\n");
	client_open(rig, &open);
	client_upgrade(rig, &open);
	address.sin_port = htons((uint16_t)atoi(strchr(listener_address(rig->listener), ':') + 1));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	worker_stop_accepting(rig->worker);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
	client_expect_end(rig, &idle);
	client_say(rig, &busy, "Host: x\r\n\r\n");
	client_expect_answer(rig, &busy, 200, "/b");
	client_expect_end(rig, &busy);
	client_text(rig, &open, "still here");
	client_expect_frame(rig, &open, 1, "still here", 10);
	client_close(&idle);
	client_close(&busy);
	rig_expect_connections(rig, 1);
	client_close(&open);
	close(fd);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_real_address_can_be_read),
		TEST(what_cannot_be_bound_is_explained),
		TEST(the_port_is_free_again_at_once),
		TEST(accepted_sockets_have_no_delay),
		TEST(out_of_descriptors_is_503_and_no_spin),
		TEST(an_error_that_lasts_is_no_spin),
		TEST(a_stopped_worker_only_finishes_what_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
