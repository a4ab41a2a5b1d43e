/*
 * What a signal handler writes reads as the C library would have written it, and is cut where the
 * buffer ends. SPDX-License-Identifier: MIT
 */
#include "base/safe_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

static void numbers_are_written_in_full(void **state)
{
	char out[128];
	struct safe_text text = {out, sizeof(out), 0};

	(void)state;
	safe_text_number(&text, 0);
	safe_text_put(&text, " ");
	safe_text_number(&text, UINT64_MAX);
	safe_text_put(&text, " ");
	safe_text_hex(&text, 0);
	safe_text_put(&text, " ");
	safe_text_hex(&text, UINT64_MAX);
	assert_string_equal(out, "0 18446744073709551615 0x0 0xffffffffffffffff");
}

static void every_day_has_its_date(void **state)
{
	(void)state;
	for (time_t day = 0; day < 366 * 200; day++) {
		time_t seconds = day * 86400 + day % 86400;
		char wanted[64], out[64];
		struct safe_text text = {out, sizeof(out), 0};
		struct tm utc;

		gmtime_r(&seconds, &utc);
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S.007Z", &utc);
		safe_text_time(&text, seconds, 7);
		assert_string_equal(out, wanted);
	}
}

static void what_does_not_fit_is_cut(void **state)
{
	char out[6];
	struct safe_text text = {out, sizeof(out), 0};

	(void)state;
	safe_text_put(&text, "ab\ncdefgh");
	safe_text_number(&text, 17);
	assert_string_equal(out, "ab?cd");
	assert_int_equal(text.len, 5);
}

static void an_array_without_end_ends_at_its_size(void **state)
{
	static const char full[3] = {'a', 'b', 'c'};
	static const char ended[3] = {'d', '\0', 'e'};
	char out[16];
	struct safe_text text = {out, sizeof(out), 0};

	(void)state;
	safe_text_array(&text, full, sizeof(full));
	safe_text_array(&text, ended, sizeof(ended));
	assert_string_equal(out, "abcd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_in_full),
		cmocka_unit_test(every_day_has_its_date),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(an_array_without_end_ends_at_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
