/*
 * A deadline is found once, never before its time and at most a tick after it, however far ahead
 * it is. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "net/deadline.h"

/* The clock of these tests, and what the sweep at that time found. */
static uint64_t now_ms;
static uint64_t found_at_ms;
static unsigned found_count;
static struct deadline_wheel wheel;

static void note(struct deadline *deadline)
{
	assert_int_equal(deadline->due_tick, 0);
	found_at_ms = now_ms;
	found_count++;
}

static void start(uint64_t at_ms)
{
	now_ms = at_ms;
	found_count = 0;
	deadline_wheel_init(&wheel, now_ms);
}

static void run_to(uint64_t end_ms)
{
	while (now_ms < end_ms) {
		uint64_t next_ms = deadline_wheel_next(&wheel);

		now_ms = next_ms < end_ms ? next_ms : end_ms;
		deadline_wheel_sweep(&wheel, now_ms, note);
	}
}

static void each_is_found_in_time(void **state)
{
	static const uint64_t delays_ms[] = {
		0, 1, 15, 16, 17, 100, 8175, 8192, 8193, 20000, 300000, 86400000};

	(void)state;
	for (size_t i = 0; i < sizeof(delays_ms) / sizeof(delays_ms[0]); i++) {
		struct deadline deadline = {0};
		uint64_t due_ms = 5000003 + delays_ms[i];

		start(5000003);
		deadline_begin(&wheel, &deadline);
		deadline_set(&wheel, &deadline, due_ms);
		run_to(due_ms + DEADLINE_TICK_MS);
		if (found_count != 1 || found_at_ms < due_ms ||
			found_at_ms > due_ms + DEADLINE_TICK_MS)
			fail_msg("delay %llu: found %u times, at %lld ms from its time",
				(unsigned long long)delays_ms[i], found_count,
				(long long)(found_at_ms - due_ms));
		assert_int_equal(deadline_wheel_next(&wheel), UINT64_MAX);
	}
}

static void the_earlier_time_stays(void **state)
{
	struct deadline deadline = {0};

	(void)state;
	start(1000);
	deadline_begin(&wheel, &deadline);
	deadline_set(&wheel, &deadline, 3000);
	deadline_set(&wheel, &deadline, 2000);
	deadline_set(&wheel, &deadline, 4000);
	assert_int_equal(deadline.due_tick, 2000 / DEADLINE_TICK_MS);
	run_to(5000);
	assert_int_equal(found_count, 1);
}

static void a_cleared_one_is_not_found(void **state)
{
	struct deadline deadline = {0};

	(void)state;
	start(1000);
	deadline_begin(&wheel, &deadline);
	deadline_set(&wheel, &deadline, 1100);
	deadline_clear(&wheel, &deadline);
	deadline_clear(&wheel, &deadline);
	run_to(20000);
	assert_int_equal(found_count, 0);
}

static struct deadline pair[2];

/* What one expiry does to others and to itself must not break the sweep. */
static void clear_other_and_set_again(struct deadline *deadline)
{
	found_count++;
	deadline_clear(&wheel, &pair[deadline == &pair[0]]);
	if (found_count < 3)
		deadline_set(&wheel, deadline, now_ms);
}

static void an_expiry_may_set_and_clear(void **state)
{
	(void)state;
	start(1000);
	for (size_t i = 0; i < 2; i++) {
		pair[i] = (struct deadline){0};
		deadline_begin(&wheel, &pair[i]);
		deadline_set(&wheel, &pair[i], 1010);
	}
	for (unsigned i = 1; i <= 4; i++) {
		now_ms = 1000 + 16 * i;
		deadline_wheel_sweep(&wheel, now_ms, clear_other_and_set_again);
	}
	assert_int_equal(found_count, 3);
}

static void a_long_pause_loses_none(void **state)
{
	static struct deadline many[3000];

	(void)state;
	start(1000);
	for (size_t i = 0; i < 3000; i++) {
		deadline_begin(&wheel, &many[i]);
		deadline_set(&wheel, &many[i], 1000 + i * 7);
	}
	now_ms = 90000;
	deadline_wheel_sweep(&wheel, now_ms, note);
	assert_int_equal(found_count, 3000);
}

/* The half of a tick that is kept begins anew at 0. */
static void time_goes_on_for_years(void **state)
{
	struct deadline deadline = {0};
	uint64_t turn_ms = ((uint64_t)1 << 32) * DEADLINE_TICK_MS;

	(void)state;
	start(turn_ms - 100);
	deadline_begin(&wheel, &deadline);
	deadline_set(&wheel, &deadline, turn_ms + 500);
	deadline_set(&wheel, &deadline, turn_ms - 50);
	run_to(turn_ms - 20);
	assert_int_equal(found_count, 1);
	deadline_set(&wheel, &deadline, turn_ms);
	run_to(turn_ms + 2 * DEADLINE_TICK_MS);
	assert_int_equal(found_count, 2);
	deadline_set(&wheel, &deadline, turn_ms + 20000);
	run_to(turn_ms + 19999);
	assert_int_equal(found_count, 2);
	run_to(turn_ms + 20000 + DEADLINE_TICK_MS);
	assert_int_equal(found_count, 3);
}

static void end_it(struct deadline *deadline, void *context)
{
	unsigned *count = context;

	deadline_end(deadline);
	++*count;
}

static void all_are_found_set_or_not(void **state)
{
	static struct deadline many[1000];
	unsigned count = 0;

	(void)state;
	start(1000);
	for (size_t i = 0; i < 1000; i++) {
		deadline_begin(&wheel, &many[i]);
		if (i % 3 != 0)
			deadline_set(&wheel, &many[i], 1000 + i * 20);
	}
	deadline_end(&many[500]);
	deadline_wheel_each(&wheel, end_it, &count);
	assert_int_equal(count, 999);
	deadline_wheel_each(&wheel, end_it, &count);
	assert_int_equal(count, 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_in_time),
		cmocka_unit_test(the_earlier_time_stays),
		cmocka_unit_test(a_cleared_one_is_not_found),
		cmocka_unit_test(an_expiry_may_set_and_clear),
		cmocka_unit_test(a_long_pause_loses_none),
		cmocka_unit_test(time_goes_on_for_years),
		cmocka_unit_test(all_are_found_set_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
