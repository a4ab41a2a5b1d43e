/*
 * What one worker tells, all others are told, with its source before it; a newborn is told
 * everything, the dead are taken back, and who did not read is told all anew once it does.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "daemon/count_kinds.h"
#include "daemon/hub_counts.h"
#include "daemon/master_state.h"
#include "daemon/pack.h"

enum { WORKERS = 3, QUEUE_BYTES = 1024 * 1024 };

struct fixture {
	struct master master;
	struct channel workers[WORKERS]; /* their ends of the links */
};

static void connect_worker(struct fixture *fixture, unsigned i)
{
	struct member *member = &fixture->master.crew.members[i];
	struct err why;
	int ends[2];

	assert_true(channel_pair(ends, &why));
	bus_link_open(&member->link, ends[0]);
	member->link.bytes_max = QUEUE_BYTES;
	channel_init(&fixture->workers[i], ends[1]);
	hub_counts_greet(&fixture->master, member);
}

static int set_up(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		fixture->master.crew.members[i].index = i;
		bus_link_init(&fixture->master.crew.members[i].link);
	}
	hub_counts_init(&fixture->master);
	for (unsigned i = 0; i < WORKERS; i++)
		connect_worker(fixture, i);
	*state = fixture;
	return 0;
}

static void disconnect(struct fixture *fixture, unsigned i)
{
	struct member *member = &fixture->master.crew.members[i];

	bus_link_close(&member->link);
	channel_fini(&fixture->workers[i]);
	hub_counts_gone(&fixture->master, member);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < WORKERS; i++)
		disconnect(fixture, i);
	hub_counts_fini(&fixture->master);
	free(fixture);
	return 0;
}

static void take(struct fixture *fixture, unsigned from, const char *filter, uint64_t count)
{
	struct buf body = {0};

	pack_text(&body, filter);
	pack_number(&body, count);
	hub_counts_take(&fixture->master, &fixture->master.crew.members[from], buf_span(&body));
	buf_fini(&body);
}

/* "0: a=3 b=1", "1 gone", or "all gone"; long ones are cut off. */
static void write_message(const struct message *message, char *out, size_t size)
{
	struct span body = message->body, filter;
	uint64_t source, count;
	size_t len;

	assert_true(pack_take_number(&body, &source));
	if (message->kind == COUNTS_GONE) {
		if (source == COUNTS_OF_ALL)
			snprintf(out, size, "all gone; ");
		else
			snprintf(out, size, "%d gone; ", (int)source);
		return;
	}
	assert_int_equal(message->kind, COUNTS_TOLD);
	len = (size_t)snprintf(out, size, "%d:", (int)source);
	while (pack_take_span(&body, &filter) && pack_take_number(&body, &count))
		if (len < size)
			len += (size_t)snprintf(
				out + len, size - len, " %.*s=%d", SPAN_ARG(filter), (int)count);
	if (len < size)
		snprintf(out + len, size - len, "; ");
}

/* What a worker was told since it was last asked. */
static void assert_told(struct fixture *fixture, unsigned worker, const char *wanted)
{
	char found[512] = "";
	struct message message;

	channel_flush(&fixture->master.crew.members[worker].link.channel);
	while (channel_receive(&fixture->workers[worker], &message) == CHANNEL_MESSAGE) {
		size_t len = strlen(found);

		write_message(&message, found + len, sizeof(found) - len);
	}
	if (strcmp(found, wanted) != 0)
		fail_msg("worker %u: told \"%s\", wanted \"%s\"", worker, found, wanted);
}

static void tells_all_others_what_changed(void **state)
{
	struct fixture *fixture = *state;

	take(fixture, 1, "a/+", 3);
	take(fixture, 1, "a/+", 3);
	take(fixture, 2, "b", 0);
	take(fixture, 1, "a/+", 0);
	assert_told(fixture, 0, "1: a/+=3; 1: a/+=0; ");
	assert_told(fixture, 1, "");
	assert_told(fixture, 2, "1: a/+=3; 1: a/+=0; ");
}

static void a_newborn_is_told_all_and_the_dead_are_taken_back(void **state)
{
	struct fixture *fixture = *state;

	take(fixture, 0, "a", 1);
	take(fixture, 1, "a", 2);
	take(fixture, 2, "b", 3);
	disconnect(fixture, 1);
	assert_told(fixture, 0, "1: a=2; 2: b=3; 1 gone; ");
	assert_told(fixture, 2, "0: a=1; 1: a=2; 1 gone; ");
	connect_worker(fixture, 1);
	assert_told(fixture, 1, "0: a=1; 2: b=3; ");
	/* One that had none is not spoken of. */
	disconnect(fixture, 1);
	assert_told(fixture, 0, "");
	connect_worker(fixture, 1);
}

static void many_come_in_parts(void **state)
{
	struct fixture *fixture = *state;
	struct message message;
	size_t messages = 0, filters = 0;
	char filter[32];

	for (int i = 0; i < 2500; i++) {
		snprintf(filter, sizeof(filter), "user/%d", i);
		take(fixture, 0, filter, 1);
	}
	disconnect(fixture, 1);
	connect_worker(fixture, 1);
	while (channel_receive(&fixture->workers[1], &message) == CHANNEL_MESSAGE) {
		struct span body = message.body, name;
		uint64_t number;

		assert_true(pack_take_number(&body, &number));
		assert_int_equal(number, 0);
		for (; pack_take_span(&body, &name); filters++)
			assert_true(pack_take_number(&body, &number));
		messages++;
	}
	assert_int_equal(filters, 2500);
	assert_int_equal(messages, 3);
}

static void who_did_not_read_is_told_all_anew(void **state)
{
	struct fixture *fixture = *state;
	struct member *slow = &fixture->master.crew.members[2];
	struct message message;

	take(fixture, 0, "old", 1);
	while (channel_queued(&slow->link.channel) <= QUEUE_BYTES / 2)
		channel_queue(&slow->link.channel, COUNTS_TOLD, SPAN("12345678"), -1);
	take(fixture, 0, "old", 0);
	take(fixture, 0, "new", 7);
	hub_counts_look(&fixture->master, slow);
	assert_told(fixture, 1, "0: old=1; 0: old=0; 0: new=7; ");
	do {
		channel_flush(&slow->link.channel);
		while (channel_receive(&fixture->workers[2], &message) == CHANNEL_MESSAGE)
			continue;
	} while (channel_is_full(&slow->link.channel));
	hub_counts_look(&fixture->master, slow);
	assert_told(fixture, 2, "all gone; 0: new=7; ");
	hub_counts_look(&fixture->master, slow);
	assert_told(fixture, 2, "");
	take(fixture, 1, "new", 1);
	assert_told(fixture, 2, "1: new=1; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_all_others_what_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_newborn_is_told_all_and_the_dead_are_taken_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_come_in_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_did_not_read_is_told_all_anew, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
