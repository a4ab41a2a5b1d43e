/*
 * Who hears the numbers that somebody gave knows what came twice and how many are missing, also
 * where topics are forgotten. SPDX-License-Identifier: MIT
 */
#include "topic/topic_numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 3 };

static int set_up(void **state)
{
	static struct topic_numbers numbers;

	topic_numbers_init(&numbers, MOST);
	*state = &numbers;
	return 0;
}

static int tear_down(void **state)
{
	topic_numbers_fini(*state);
	return 0;
}

static void each_topic_counts_from_one(void **state)
{
	struct topic_numbers *numbers = *state;

	assert_int_equal(topic_numbers_next(numbers, SPAN("a")), 1);
	assert_int_equal(topic_numbers_next(numbers, SPAN("b")), 1);
	assert_int_equal(topic_numbers_next(numbers, SPAN("a")), 2);
	assert_int_equal(topic_numbers_next(numbers, SPAN("c")), 1);
	assert_int_equal(topic_numbers_next(numbers, SPAN("d")), 0);
	topic_numbers_clear(numbers);
	assert_int_equal(topic_numbers_next(numbers, SPAN("d")), 1);
}

/* In one history: origin, topic, number, how it was heard, how many are missing; 0: a pause. */
static void what_is_missing_or_came_twice_is_known(void **state)
{
	static const struct {
		uint64_t origin;
		const char *topic;
		uint64_t number;
		enum topic_heard heard;
		uint64_t missing;
	} rows[] = {
		{1, "a/x", 7, TOPIC_HEARD_NEW, 0},
		{1, "a/x", 8, TOPIC_HEARD_NEW, 0},
		{1, "a/x", 8, TOPIC_HEARD_BEFORE, 0},
		{1, "a/x", 7, TOPIC_HEARD_BEFORE, 0},
		{1, "a/x", 12, TOPIC_HEARD_NEW, 3},
		{2, "a/x", 1, TOPIC_HEARD_NEW, 0},
		{1, "a/x", 13, TOPIC_HEARD_NEW, 0},
		{0, "a/x", 0, TOPIC_HEARD_NEW, 0},
		{1, "a/x", 20, TOPIC_HEARD_NEW, 0},
		{1, "a/x", 20, TOPIC_HEARD_BEFORE, 0},
		{1, "a/x", 22, TOPIC_HEARD_NEW, 1},
		{0, "a/+", 0, TOPIC_HEARD_NEW, 0},
		{2, "a/x", 9, TOPIC_HEARD_NEW, 0},
		{2, "a/x", 11, TOPIC_HEARD_NEW, 1},
		/* Two more: the one of origin 1 was not heard for longest. */
		{1, "b", 1, TOPIC_HEARD_NEW, 0},
		{1, "c", 1, TOPIC_HEARD_NEW, 0},
		{2, "a/x", 14, TOPIC_HEARD_NEW, 2},
		{1, "a/x", 99, TOPIC_HEARD_NEW, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span topic = span_of(rows[i].topic);
		enum topic_heard heard;
		uint64_t missing;

		if (rows[i].origin == 0) {
			topic_numbers_pause(*state, topic);
			continue;
		}
		heard = topic_numbers_hear(*state, rows[i].origin, topic, rows[i].number, &missing);
		if (heard != rows[i].heard || missing != rows[i].missing)
			fail_msg("row %zu, %s #%d: heard %d, missing %d, wanted %d, %d", i,
				rows[i].topic, (int)rows[i].number, heard, (int)missing,
				rows[i].heard, (int)rows[i].missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_topic_counts_from_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_missing_or_came_twice_is_known, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
