/*
 * A peer may send its rate and, after a pause, a burst; never more. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "net/throttle.h"

enum { START_MS = 5000000 };

static struct throttle *made(uint64_t frames, uint64_t frames_burst, uint64_t bytes,
	uint64_t bytes_burst, enum transport_excess excess)
{
	const struct transport_limits limits = {.messages_per_s = frames,
		.messages_burst = frames_burst,
		.bytes_per_s = bytes,
		.bytes_burst = bytes_burst,
		.excess = excess};

	return throttle_renew(NULL, &limits);
}

static const struct {
	uint64_t frames, burst;
	unsigned at_once; /* what passes of a hundred thousand at once, */
	unsigned later;   /* and a second later */
} rows[] = {
	{10, 0, 10, 10},
	{10, 3, 3, 3},
	{10, 100, 100, 10},
	{1, 1, 1, 1},
	{1000, 1, 51, 51}, /* 50 ms at least */
	{1000000, 20000, 50001, 50001},
};

static unsigned passes(struct throttle *throttle, uint64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 100000; i++)
		count += throttle_take(throttle, 1, 100, true, now_ms);
	return count;
}

static void frames_at_once_and_later(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct throttle *throttle = made(
			rows[i].frames, rows[i].burst, 0, 0, EXCESS_TO_REFUSE);
		unsigned first = passes(throttle, START_MS);
		unsigned later = passes(throttle, START_MS + 1000);

		if (first != rows[i].at_once || later != rows[i].later)
			fail_msg("row %zu: %u, then %u", i, first, later);
		free(throttle);
	}
}

/* A burst that takes longer to come back than 64 bits of nanoseconds hold is one for ever. */
static void a_huge_burst_is_no_small_one(void **state)
{
	static const uint64_t bursts[] = {
		UINT64_C(18446744074), UINT64_C(1) << 36, UINT64_C(36893488148)};

	(void)state;
	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		struct throttle *throttle = made(0, 0, 1, bursts[i], EXCESS_TO_PAUSE);
		uint64_t wait_ms;

		for (unsigned n = 0; n < 1000; n++)
			throttle_take(throttle, 1, 1 << 20, true, START_MS);
		wait_ms = throttle_wait_ms(throttle, START_MS);
		if (wait_ms != 0)
			fail_msg("a burst of %llu bytes: 1000 MiB wait %llu ms",
				(unsigned long long)bursts[i], (unsigned long long)wait_ms);
		free(throttle);
	}
}

/* Asked whenever it says so, it lets through the rate, over any time. */
static void pausing_keeps_the_rate(void **state)
{
	struct throttle *throttle = made(100, 10, 0, 0, EXCESS_TO_PAUSE);
	uint64_t now_ms = START_MS;
	unsigned count = 0;

	(void)state;
	while (now_ms < START_MS + 10000) {
		uint64_t wait_ms = throttle_wait_ms(throttle, now_ms);

		if (wait_ms > 0) {
			now_ms += wait_ms;
			continue;
		}
		assert_true(throttle_take(throttle, 1, 6, true, now_ms));
		count++;
	}
	assert_in_range(count, 1000, 1012);
	free(throttle);
}

static void bytes_count_even_of_one_message(void **state)
{
	struct throttle *throttle = made(0, 0, 1000, 2000, EXCESS_TO_PAUSE);

	(void)state;
	assert_int_equal(throttle_wait_ms(throttle, START_MS), 0);
	assert_true(throttle_take(throttle, 1, 10000, false, START_MS));
	assert_int_equal(throttle_wait_ms(throttle, START_MS), 8001);
	assert_int_equal(throttle_wait_ms(throttle, START_MS + 8001), 0);
	free(throttle);
}

/* One larger than the burst is not lost for ever; one of endless empty frames is too much. */
static void a_full_bucket_takes_one_message_of_any_size(void **state)
{
	struct throttle *throttle = made(10, 10, 1000, 1000, EXCESS_TO_CLOSE);
	struct err why;

	(void)state;
	assert_true(throttle_take(throttle, 1, 5000, false, START_MS));
	assert_true(throttle_take(throttle, 1, 5000, true, START_MS));
	assert_false(throttle_take(throttle, 1, 6, true, START_MS));
	throttle_explain(throttle, &why);
	assert_string_equal(why.text, "more than 1000 bytes a second");
	assert_true(throttle_take(throttle, 1, 6, true, START_MS + 10000));
	assert_false(throttle_take(throttle, 11, 66, false, START_MS + 20000));
	free(throttle);
}

static void other_limits_keep_the_debt(void **state)
{
	struct transport_limits limits = {.messages_per_s = 1, .excess = EXCESS_TO_PAUSE};
	struct throttle *throttle = throttle_renew(NULL, &limits);

	(void)state;
	throttle_take(throttle, 5, 30, true, START_MS);
	limits.bytes_per_s = 1000;
	throttle = throttle_renew(throttle, &limits);
	assert_int_equal(throttle_wait_ms(throttle, START_MS), 5000);
	limits.messages_per_s = limits.bytes_per_s = 0;
	assert_null(throttle_renew(throttle, &limits));
	assert_null(throttle_renew(NULL, &limits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_at_once_and_later),
		cmocka_unit_test(a_huge_burst_is_no_small_one),
		cmocka_unit_test(pausing_keeps_the_rate),
		cmocka_unit_test(bytes_count_even_of_one_message),
		cmocka_unit_test(a_full_bucket_takes_one_message_of_any_size),
		cmocka_unit_test(other_limits_keep_the_debt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
