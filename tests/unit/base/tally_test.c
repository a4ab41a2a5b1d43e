/*
 * Counts of several workers add up, a worker that dies takes its own with it, and a table that is
 * full counts no more. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/tally.h"

enum { WORKERS = 3 };

struct workers {
	struct tally_memory *memory;
	struct tally tally[WORKERS];
};

static int setup(void **state)
{
	static struct workers workers;

	workers.memory = tally_memory_new(WORKERS);
	for (unsigned i = 0; i < WORKERS; i++) {
		tally_memory_clear(workers.memory, i);
		workers.tally[i] = (struct tally){workers.memory, i};
	}
	*state = &workers;
	return 0;
}

static int teardown(void **state)
{
	struct workers *workers = *state;

	tally_memory_free(workers->memory);
	return 0;
}

static void counts_add_up(void **state)
{
	struct workers *workers = *state;
	uint64_t a = tally_key(&workers->tally[0], "a", 1),
		 b = tally_key(&workers->tally[1], "b", 1);

	assert_int_equal(a, tally_key(&workers->tally[2], "a", 1));
	assert_int_not_equal(a, b);
	for (unsigned i = 0; i < WORKERS; i++) {
		tally_connect(&workers->tally[i]);
		assert_true(tally_add(&workers->tally[i], TALLY_ADDRESSES, a));
		assert_true(tally_add(&workers->tally[i], TALLY_ROUTES, b));
	}
	assert_int_equal(tally_connections(&workers->tally[0]), 3);
	assert_int_equal(tally_sum(&workers->tally[1], TALLY_ADDRESSES, a), 3);
	assert_int_equal(tally_sum(&workers->tally[1], TALLY_ADDRESSES, b), 0);
	tally_remove(&workers->tally[1], TALLY_ADDRESSES, a);
	tally_disconnect(&workers->tally[1]);
	assert_int_equal(tally_sum(&workers->tally[2], TALLY_ADDRESSES, a), 2);
	assert_int_equal(tally_connections(&workers->tally[2]), 2);
	tally_memory_clear(workers->memory, 2);
	assert_int_equal(tally_connections(&workers->tally[0]), 1);
	assert_int_equal(tally_sum(&workers->tally[0], TALLY_ADDRESSES, a), 1);
	assert_int_equal(tally_sum(&workers->tally[0], TALLY_ROUTES, b), 2);
}

static void another_process_counts_too(void **state)
{
	struct workers *workers = *state;
	uint64_t key = tally_key(&workers->tally[0], "route", 5);
	pid_t child = fork();

	if (child == 0) {
		tally_connect(&workers->tally[1]);
		_exit(tally_add(&workers->tally[1], TALLY_ROUTES, key) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(tally_sum(&workers->tally[0], TALLY_ROUTES, key), 1);
	assert_int_equal(tally_connections(&workers->tally[0]), 1);
}

/* Whatever is counted can be taken back, and nothing else is. */
static void a_full_table_counts_no_more(void **state)
{
	enum { ADDRESSES = 200000 };
	struct workers *workers = *state;
	const struct tally *tally = &workers->tally[0];
	uint8_t *is_counted = calloc(1, ADDRESSES);
	unsigned counted = 0;

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		is_counted[i] = tally_add(tally, TALLY_ADDRESSES, tally_key(tally, &i, sizeof(i)));
		counted += is_counted[i];
	}
	assert_in_range(counted, 60000, 65536);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (is_counted[i])
			tally_remove(tally, TALLY_ADDRESSES, tally_key(tally, &i, sizeof(i)));
	for (uint32_t i = 0; i < ADDRESSES; i++)
		assert_int_equal(
			tally_sum(tally, TALLY_ADDRESSES, tally_key(tally, &i, sizeof(i))), 0);
	free(is_counted);
}

static void tokens_come_back_with_time(void **state)
{
	struct workers *workers = *state;
	uint64_t key = tally_key(&workers->tally[0], "x", 1), now_ms = 1000000;

	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(tally_take_token(&workers->tally[i % 2], key, 10, 5, now_ms), 0);
	assert_int_equal(tally_take_token(&workers->tally[2], key, 10, 5, now_ms), 100);
	assert_int_equal(tally_take_token(&workers->tally[2], key, 10, 5, now_ms + 99), 1);
	assert_int_equal(tally_take_token(&workers->tally[2], key, 10, 5, now_ms + 100), 0);
	assert_true(tally_take_token(&workers->tally[0], key, 10, 5, now_ms + 100) > 0);
	assert_int_equal(tally_take_token(&workers->tally[0], tally_key(&workers->tally[0], "y", 1),
				 10, 5, now_ms),
		0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
			tally_take_token(&workers->tally[0], key, 10, 5, now_ms + 10000), 0);
	assert_true(tally_take_token(&workers->tally[0], key, 10, 5, now_ms + 10000) > 0);
}

static void without_memory_nothing_is_counted(void **state)
{
	const struct tally none = {0};

	(void)state;
	tally_connect(&none);
	tally_disconnect(&none);
	assert_int_equal(tally_connections(&none), 0);
	assert_false(tally_add(&none, TALLY_ROUTES, 1));
	assert_int_equal(tally_sum(&none, TALLY_ROUTES, 1), 0);
	assert_int_equal(tally_take_token(&none, 1, 1, 1, 1), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_add_up),
		TEST(another_process_counts_too),
		TEST(a_full_table_counts_no_more),
		TEST(tokens_come_back_with_time),
		TEST(without_memory_nothing_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
