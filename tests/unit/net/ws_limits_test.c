/*
 * Equal limits are one, however many take them, and go with the last; others are others.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "net/ws_limits.h"

static void equal_ones_are_one(void **state)
{
	struct ws_limits all = {0};
	struct transport_limits wanted = {.message_bytes = 1000, .idle_ms = 5};
	const struct transport_limits *first = ws_limits_take(&all, &wanted), *second;

	(void)state;
	assert_ptr_not_equal(first, &wanted);
	assert_memory_equal(first, &wanted, sizeof(wanted));
	assert_ptr_equal(ws_limits_take(&all, &wanted), first);
	wanted.excess = EXCESS_TO_CLOSE;
	second = ws_limits_take(&all, &wanted);
	assert_ptr_not_equal(second, first);
	ws_limits_put(first);
	assert_int_equal(first->idle_ms, 5);
	ws_limits_put(first);
	ws_limits_put(second);
	ws_limits_put(NULL);
}

static void many_kinds(void **state)
{
	enum { KINDS = 1000 };
	struct ws_limits all = {0};
	const struct transport_limits *taken[KINDS];

	(void)state;
	for (unsigned i = 0; i < KINDS; i++) {
		struct transport_limits wanted = {.queue_bytes = i};

		taken[i] = ws_limits_take(&all, &wanted);
	}
	for (unsigned i = 0; i < KINDS; i++) {
		assert_int_equal(taken[i]->queue_bytes, i);
		ws_limits_put(taken[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_are_one),
		cmocka_unit_test(many_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
