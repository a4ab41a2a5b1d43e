/*
 * What is ready is told once a batch, to nobody who has stopped listening meanwhile, and wakes a
 * base that waits. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/poller.h"

struct bench {
	struct poller poller;
	struct event_base *base;
	int pairs[3][2];
};

/* What the many are told. */
static struct {
	void *conn;
	uint32_t events;
	unsigned count;
} last;

static void note(void *conn, uint32_t events)
{
	last.conn = conn;
	last.events = events;
	last.count++;
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench->base = event_base_new();
	assert_true(poller_init(&bench->poller, bench->base, note));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, bench->pairs[i]), 0);
	memset(&last, 0, sizeof(last));
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	poller_fini(&bench->poller);
	event_base_free(bench->base);
	for (size_t i = 0; i < 3; i++) {
		close(bench->pairs[i][0]);
		close(bench->pairs[i][1]);
	}
	free(bench);
	return 0;
}

static void speak(struct bench *bench, size_t i)
{
	assert_int_equal(write(bench->pairs[i][1], "x", 1), 1);
}

static void a_connection_is_told_what_it_waits_for(void **state)
{
	struct bench *bench = *state;
	int fd = bench->pairs[0][0];

	assert_true(poller_set(&bench->poller, fd, bench, 0, EPOLLIN));
	assert_false(poller_wait(&bench->poller, 0));
	speak(bench, 0);
	assert_true(poller_wait(&bench->poller, 0));
	assert_ptr_equal(last.conn, bench);
	assert_int_equal(last.events, EPOLLIN);
	assert_true(poller_set(&bench->poller, fd, bench, EPOLLIN, EPOLLIN | EPOLLOUT));
	assert_true(poller_wait(&bench->poller, 0));
	assert_int_equal(last.events, EPOLLIN | EPOLLOUT);
	/* Then not even that the peer is gone. */
	assert_true(poller_set(&bench->poller, fd, bench, EPOLLIN | EPOLLOUT, 0));
	shutdown(bench->pairs[0][1], SHUT_RDWR);
	assert_false(poller_wait(&bench->poller, 0));
	assert_int_equal(last.count, 2);
}

static void the_base_wakes(void **state)
{
	struct bench *bench = *state;

	assert_true(poller_set(&bench->poller, bench->pairs[0][0], bench, 0, EPOLLIN));
	speak(bench, 0);
	event_base_loop(bench->base, EVLOOP_ONCE);
	assert_int_equal(last.count, 1);
	assert_true(bench->poller.has_spoken);
}

struct listening {
	struct bench *bench;
	struct poller_watch watch;
	unsigned told;
};

/* Whoever is told first has all stop, itself too. */
static void stop_all(void *arg)
{
	struct listening *listening = arg;

	listening[0].told++;
	for (size_t i = 0; i < 3; i++)
		poller_unwatch(&listening->bench->poller, &listening[i].watch);
}

static void who_is_unwatched_within_a_batch_is_not_told(void **state)
{
	struct bench *bench = *state;
	struct listening all[3] = {0};

	for (size_t i = 0; i < 3; i++) {
		all[i].bench = bench;
		all[i].watch = (struct poller_watch){
			.ready = stop_all, .arg = all, .fd = bench->pairs[i][0]};
		assert_true(poller_watch(&bench->poller, &all[i].watch));
		assert_true(poller_watch(&bench->poller, &all[i].watch));
		speak(bench, i);
	}
	assert_true(poller_wait(&bench->poller, 0));
	assert_int_equal(all[0].told, 1);
	assert_false(poller_wait(&bench->poller, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_is_told_what_it_waits_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_base_wakes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_is_unwatched_within_a_batch_is_not_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
