/*
 * Names and filters that are not well-formed are refused with a text that says why.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topic/topic_name.h"

#define LONG_NAME                                                                      \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345" \
	"6789"
#define NAME_255 LONG_NAME LONG_NAME LONG_NAME "012345678901234"

static const struct {
	const char *text;
	const char *name_fault, *filter_fault; /* part of the text; NULL: fine */
} table[] = {
	{"a", NULL, NULL},
	{"chat/lobby", NULL, NULL},
	{"1/2/3/4/5/6/7/8/9/10", NULL, NULL},
	{"1/2/3/4/5/6/7/8/9/10/11", "more than 10 levels", "more than 10 levels"},
	{NAME_255, NULL, NULL},
	{NAME_255 "x", "longer than 255", "longer than 255"},
	{"", "found no text", "found no text"},
	{"/", "empty level", "empty level"},
	{"a/", "empty level", "empty level"},
	{"/a", "empty level", "empty level"},
	{"a//b", "empty level", "empty level"},
	{"a\tb", "control character", "control character"},
	{"a\x7f", "control character", "control character"},
	{"\xff", "not UTF-8", "not UTF-8"},
	{"\xe2\x82\xac", NULL, NULL},
	{"+", "only subscriptions may", NULL},
	{"#", "only subscriptions may", NULL},
	{"a/+/b", "only subscriptions may", NULL},
	{"a/#", "only subscriptions may", NULL},
	{"a/#/b", "only subscriptions may", "'#' before another level"},
	{"a+", "only subscriptions may", "beside other text"},
	{"a/b#", "only subscriptions may", "beside other text"},
	{"##", "only subscriptions may", "beside other text"},
	{" ", NULL, NULL},
};

static void expect(
	const char *text, const char *what, bool is_good, const char *fault, const struct err *why)
{
	if (is_good != (fault == NULL) || (!is_good && strstr(why->text, fault) == NULL))
		fail_msg("%s \"%s\": found %s, wanted %s", what, text, is_good ? "fine" : why->text,
			fault == NULL ? "fine" : fault);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *text = table[i].text;
		struct err why = {0};
		bool is_good = topic_name_check(span_of(text), &why);

		expect(text, "name", is_good, table[i].name_fault, &why);
		is_good = topic_filter_check(span_of(text), &why);
		expect(text, "filter", is_good, table[i].filter_fault, &why);
	}
}

static void a_nul_is_a_control_character(void **state)
{
	struct err why;

	(void)state;
	assert_false(topic_name_check((struct span){"a\0b", 3}, &why));
	assert_false(topic_name_check((struct span){NULL, 0}, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(a_nul_is_a_control_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
