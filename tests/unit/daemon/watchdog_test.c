/*
 * A callback is late when its worker was seen in it for the whole limit; pauses of the one who
 * looks do not count, nor does anything between callbacks. SPDX-License-Identifier: MIT
 */
#include "daemon/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LIMIT_MS = 800 }; /* a look every 100 ms */

struct look {
	uint64_t at_ms;
	uint32_t turn;
};

static const struct {
	const char *claim;
	struct look looks[16];
	uint64_t late_ms; /* 0: never */
} rows[] = {
	{"the same callback all the time",
		{{100, 1}, {200, 1}, {300, 1}, {400, 1}, {500, 1}, {600, 1}, {700, 1}, {800, 1},
			{900, 1}, {1000, 1}},
		900},
	{"a callback that began long after the look before", {{100, 2}, {5000, 3}, {5100, 3}}, 0},
	{"idle for long", {{100, 2}, {1000, 2}, {2000, 2}, {9000, 2}}, 0},
	{"never called", {{100, 0}, {1000, 0}, {2000, 0}}, 0},
	{"always another callback", {{100, 1}, {500, 3}, {900, 5}, {1300, 7}, {1700, 9}}, 0},
	{"looked at less often than wanted", {{100, 1}, {900, 1}, {1700, 1}, {2500, 1}, {3300, 1}},
		3300},
	{"a master that slept for an hour", {{100, 1}, {3600000, 1}}, 0},
	{"back in the host for a moment",
		{{100, 1}, {300, 1}, {500, 1}, {700, 1}, {800, 2}, {900, 3}, {1100, 3}, {1300, 3}},
		0},
};

static void is_late_after_the_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct watched watched = {0};
		uint64_t late_ms = 0;

		for (const struct look *look = rows[i].looks; look->at_ms > 0 && late_ms == 0;
			look++)
			if (watchdog_is_late(&watched, look->turn, LIMIT_MS, look->at_ms))
				late_ms = look->at_ms;
		if (late_ms != rows[i].late_ms)
			fail_msg("%s: wanted late at %lu ms, got %lu", rows[i].claim,
				(unsigned long)rows[i].late_ms, (unsigned long)late_ms);
	}
}

static void looks_often_enough(void **state)
{
	(void)state;
	assert_int_equal(watchdog_pause_ms(1), 5);
	assert_int_equal(watchdog_pause_ms(800), 100);
	assert_int_equal(watchdog_pause_ms(10000), 1000);
	assert_int_equal(watchdog_pause_ms(3600000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_late_after_the_limit),
		cmocka_unit_test(looks_often_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
