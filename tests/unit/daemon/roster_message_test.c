/*
 * What one host writes another reads, whatever its values; whatever else is read is refused, and
 * nothing behind its end is looked at. SPDX-License-Identifier: MIT
 */
#include "daemon/roster_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/xalloc.h"

static void numbers_come_back(void **state)
{
	static const uint64_t numbers[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
	struct buf out = {0};
	struct span in;
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		roster_put_number(&out, numbers[i]);
	in = buf_span(&out);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_true(roster_take_number(&in, &number));
		assert_true(number == numbers[i]);
	}
	assert_int_equal(in.len, 0);
	assert_false(roster_take_number(&in, &number));
	in = SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	assert_false(roster_take_number(&in, &number));
	buf_fini(&out);
}

static void messages_come_back(void **state)
{
	const struct roster_beat beat = {7, 3, UINT64_MAX, 6000, true};
	const struct roster_part part = {.version = 9, .after = 2, .upto = 8};
	const struct roster_member member = {5, 17, SPAN("chat/a"), SPAN("ann \xe2\x98\x83")};
	struct roster_beat beat_read;
	struct roster_part part_read;
	struct roster_member member_read;
	struct roster_change change;
	struct buf out = {0};
	struct span in;

	(void)state;
	roster_put_beat(&out, &beat);
	roster_put_part(&out, &part);
	roster_put_member(&out, 2, &member);
	roster_put_join(&out, &member);
	roster_put_leave(&out, 4);
	in = buf_span(&out);
	assert_true(roster_take_beat(&in, &beat_read));
	assert_memory_equal(&beat_read.version, &beat.version, 4 * sizeof(uint64_t));
	assert_true(beat_read.wants_answer);
	assert_true(roster_take_part(&in, &part_read));
	assert_memory_equal(&part_read, &part, sizeof(part));
	assert_true(roster_take_member(&in, 2, &member_read));
	assert_true(member_read.born == 5 && member_read.id == 17);
	assert_true(span_equal(member_read.topic, member.topic));
	assert_true(span_equal(member_read.label, member.label));
	assert_true(roster_take_change(&in, 6, &change));
	assert_true(change.is_join && change.member.born == 6 && change.member.id == 17);
	assert_true(roster_take_change(&in, 7, &change));
	assert_true(!change.is_join && change.member.born == 4);
	assert_int_equal(in.len, 0);
	buf_fini(&out);
}

static bool takes_member(uint64_t born, const char *topic, size_t label)
{
	char text[300];
	struct roster_member member = {born, 1, span_of(topic), {text, label}}, out;
	struct buf bytes = {0};
	struct span in;
	bool is_right;

	memset(text, 'x', sizeof(text));
	roster_put_member(&bytes, 0, &member);
	in = buf_span(&bytes);
	is_right = roster_take_member(&in, 0, &out);
	buf_fini(&bytes);
	return is_right;
}

static void members_are_held_to_what_sl_present_takes(void **state)
{
	(void)state;
	assert_true(takes_member(1, "a", 255));
	assert_false(takes_member(0, "a", 0));
	assert_false(takes_member(1, "a", 256));
	assert_false(takes_member(1, "", 0));
	assert_false(takes_member(1, "a/#", 0));
	assert_false(takes_member(1, "a//b", 0));
	assert_false(takes_member(1, "\xff", 0));
	assert_false(takes_member(1, "1/2/3/4/5/6/7/8/9/10", 0));
}

static void other_formats_are_told_apart(void **state)
{
	struct span strange = SPAN("{\"hello\":1}"), newer = SPAN("P\x02\x01");
	struct buf out = {0};
	struct span own;
	uint64_t kind;
	struct err why;

	(void)state;
	assert_false(roster_take_kind(&strange, &kind, &why));
	assert_non_null(strstr(why.text, "no host has written"));
	assert_false(roster_take_kind(&newer, &kind, &why));
	assert_non_null(strstr(why.text, "format 2, this host speaks 1"));
	roster_put_kind(&out, ROSTER_PART);
	own = buf_span(&out);
	assert_true(roster_take_kind(&own, &kind, &why));
	assert_int_equal(kind, ROSTER_PART);
	assert_int_equal(own.len, 0);
	buf_fini(&out);
}

static void cut_off_anywhere_it_is_refused(void **state)
{
	const struct roster_member member = {UINT64_MAX, UINT64_MAX, SPAN("a"), SPAN("b")};
	struct buf out = {0};

	(void)state;
	roster_put_member(&out, 0, &member);
	for (size_t len = 0; len < out.len; len++) {
		char *copy = xmalloc(len + 1);
		struct span in = {copy, len};
		struct roster_member read;

		memcpy(copy, out.data, len);
		copy = xrealloc(copy, len == 0 ? 1 : len); /* what is behind is a report */
		in.ptr = copy;
		assert_false(roster_take_member(&in, 0, &read));
		free(copy);
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(messages_come_back),
		cmocka_unit_test(members_are_held_to_what_sl_present_takes),
		cmocka_unit_test(other_formats_are_told_apart),
		cmocka_unit_test(cut_off_anywhere_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
