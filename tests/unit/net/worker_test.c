/*
 * A worker turns until it is told to stop, runs timers that may stop themselves, collects finished
 * work, and ends what is left when it goes. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "net/rig.h"

struct ticker {
	struct rig *rig;
	struct loop_timer *timer;
	unsigned fired, stop_at;
};

static void tick(void *arg)
{
	struct ticker *ticker = arg;

	if (++ticker->fired == ticker->stop_at) {
		worker_loop(ticker->rig->worker)->ops->timer_stop(ticker->timer);
		worker_break(ticker->rig->worker);
	}
}

static void start(struct ticker *ticker, uint64_t delay_ms, uint64_t repeat_ms)
{
	struct loop *loop = worker_loop(ticker->rig->worker);

	ticker->timer = loop->ops->timer_start(loop, delay_ms, repeat_ms, tick, ticker);
}

static void a_timer_repeats_until_it_is_stopped_from_inside(void **state)
{
	struct ticker ticker = {.rig = *state, .stop_at = 5};

	start(&ticker, 3, 5);
	worker_run(ticker.rig->worker);
	assert_int_equal(ticker.fired, 5);
}

static void a_timer_without_repeat_fires_once(void **state)
{
	struct ticker once = {.rig = *state, .stop_at = 2}, other = {.rig = *state, .stop_at = 3};

	start(&once, 0, 0);
	start(&other, 10, 10);
	worker_run(once.rig->worker);
	assert_int_equal(once.fired, 1);
	worker_loop(once.rig->worker)->ops->timer_stop(once.timer);
}

static void finished_work_is_collected(void **state)
{
	struct rig *rig = *state;
	uint64_t one = 1;

	assert_int_equal(write(rig->host.collect_fd, &one, sizeof(one)), sizeof(one));
	rig_expect_log(rig, "collect\n");
}

/* Sessions of all stages are told, and nothing leaks: the sanitizer looks. */
static void dropping_all_ends_sessions(void **state)
{
	struct rig *rig = *state;
	struct client clients[3];

	client_open(rig, &clients[0]);
	client_open(rig, &clients[1]);
	client_say(rig, &clients[1], "GET / HT");
	client_open(rig, &clients[2]);
	client_upgrade(rig, &clients[2]);
	rig_expect_connections(rig, 3);
	worker_drop_all(rig->worker);
	assert_int_equal(worker_connection_count(rig->worker), 0);
	assert_non_null(strstr(fake_host_log(&rig->host), "end 1006"));
	assert_false(rig->host.has_turn_end);
	for (unsigned i = 0; i < 3; i++)
		client_close(&clients[i]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timer_repeats_until_it_is_stopped_from_inside),
		TEST(a_timer_without_repeat_fires_once),
		TEST(finished_work_is_collected),
		TEST(dropping_all_ends_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
