/*
 * Patterns that backtrack without end are told from harmless ones by trying them, and matching them
 * ends. SPDX-License-Identifier: MIT
 */
#include "wire/regex.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static void patterns_are_tried(void **state)
{
	static const struct {
		const char *pattern;
		bool is_slow;
	} rows[] = {
		{"^(a+)+$", true},
		{"^(a|aa)+$", true},
		{"^(a|a)*$", true},
		{"^([a-zA-Z0-9]+)*@$", true},
		{"^x(\\w+)+$", true},
		{"^id-(\\d+)+$", true},
		{"^(([a-z])+.)+[A-Z]([a-z])+$", true},
		{"^((ab)+)+$", true},
		{"\\w*\\w*\\w*\\w*\\d!", true},
		{"^(\\s*|[^x]*)*$", true},
		{"", false},
		{"^[a-z]+$", false},
		{"^[a-z0-9-]+$", false},
		{"^\\w{3,20}$", false},
		{"^(a|b)*$", false},
		{"^[^@]+@[^@]+\\.[a-z]+$", false},
		{"^\\d{4}-\\d\\d-\\d\\d$", false},
		{"^(red|green|blue)(,(red|green|blue))*$", false},
		{"^(?:\\w+\\.)*\\w+$", false},
		{"^#?([a-f0-9]{6}|[a-f0-9]{3})$", false},
		{"^[A-Z]{2}\\d{2}( \\d{4})*$", false},
		{"\\s+$", false},
		{"^.*$", false},
		{"^(a++)+$", false},
		{"(", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (regex_is_slow(rows[i].pattern) != rows[i].is_slow)
			fail_msg("%s: wanted %s", rows[i].pattern,
				rows[i].is_slow ? "slow" : "not slow");
}

static void a_hopeless_match_ends(void **state)
{
	struct err why;
	struct regex *regex = regex_new("^(a+)+$", &why);

	(void)state;
	assert_int_equal(
		regex_match(regex, SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")),
		REGEX_EXHAUSTED);
	assert_int_equal(regex_match(regex, SPAN("aaaa")), REGEX_MATCHES);
	assert_int_equal(regex_match(regex, SPAN("b")), REGEX_DIFFERS);
	regex_free(regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_tried),
		cmocka_unit_test(a_hopeless_match_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
