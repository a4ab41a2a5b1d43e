/*
 * Published messages reach all members in slices of a turn, in order and once, whoever comes and
 * goes meanwhile; drivers of the bus hear what is published, and bring in what is from elsewhere.
 * Over transports in memory, with a plugin that does what its peers say. SPDX-License-Identifier:
 * MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call/bus.h"
#include "call/census.h"
#include "call/fan_out.h"
#include "call/generation.h"
#include "call/memory_serve.h"
#include "call/memory_transport.h"

enum { MANY = 2500, SLICE_MEMBERS = FAN_OUT_SLICE / FAN_OUT_COST_FIRST };

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct memory_transport *members;
	size_t count;
	struct memory_transport speaker, late;
};

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	memory_serve(bench->host, "routes: [{path: /t, plugin: gossip}]\n");
	memory_join(bench->host, &bench->speaker, "/t");
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	host_free(bench->host);
	for (size_t i = 0; i < bench->count; i++)
		memory_transport_fini(&bench->members[i]);
	memory_transport_fini(&bench->speaker);
	memory_transport_fini(&bench->late);
	free(bench->members);
	free(bench);
	return 0;
}

/* Without an end of the turn. */
static void order(struct memory_transport *t, const char *text)
{
	session_message(t->base.session, WS_TEXT, span_of(text));
}

static void says(
	struct bench *bench, struct memory_transport *t, const char *text, const char *answer)
{
	order(t, text);
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(t), answer);
}

static void join_many(struct bench *bench, size_t count)
{
	bench->members = xcalloc(count, sizeof(*bench->members));
	bench->count = count;
	for (size_t i = 0; i < count; i++) {
		memory_join(bench->host, &bench->members[i], "/t");
		says(bench, &bench->members[i], "sub t", "ok|");
	}
}

/* A later turn, with what was left for it. */
static void turn(struct bench *bench)
{
	memory_loop_advance(&bench->loop, 0);
	host_turn_end(bench->host);
}

static size_t heard(const struct bench *bench)
{
	size_t count = 0;

	for (size_t i = 0; i < bench->count; i++)
		count += bench->members[i].sent.len > 0;
	return count;
}

static void many_are_reached_by_slices(void **state)
{
	struct bench *bench = *state;

	join_many(bench, MANY);
	says(bench, &bench->speaker, "pub t one", "ok|");
	assert_in_range(heard(bench), SLICE_MEMBERS / 2, SLICE_MEMBERS);
	/* Behind the one that is under way; both in one walk. */
	says(bench, &bench->speaker, "pub t two", "ok|");
	says(bench, &bench->speaker, "pub t three", "ok|");
	for (int i = 0; i < 10; i++)
		turn(bench);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(memory_sent(&bench->members[i]), "one|two|three|");
	assert_null(bench->loop.timers);
}

static void what_a_crowd_is_told_in_one_turn_goes_together(void **state)
{
	struct bench *bench = *state;

	join_many(bench, MANY);
	order(&bench->speaker, "pub t one");
	assert_int_equal(heard(bench), 0);
	order(&bench->speaker, "pub t two");
	host_turn_end(bench->host);
	assert_in_range(heard(bench), SLICE_MEMBERS / 2, SLICE_MEMBERS);
	for (size_t i = 0; i < MANY; i++)
		if (bench->members[i].sent.len > 0) {
			assert_int_equal(bench->members[i].joined, 1);
			assert_string_equal(memory_sent(&bench->members[i]), "one|two|");
		}
}

/* Whoever spoke in between may not want its own, and a full queue may have room for some. */
static void one_piece_is_not_for_everybody(void **state)
{
	struct bench *bench = *state;
	struct topics_census census;

	join_many(bench, MANY);
	bench->members[1].queue_max = 7;
	bench->members[1].full = SENT_DROPPED;
	order(&bench->members[0], "unsub t");
	order(&bench->members[0], "sub! t");
	order(&bench->members[0], "pub t own");
	order(&bench->speaker, "pub t two");
	for (int i = 0; i < 10; i++)
		turn(bench);
	assert_string_equal(memory_sent(&bench->members[0]), "ok|ok|ok|two|");
	assert_string_equal(memory_sent(&bench->members[1]), "own|two|");
	assert_int_equal(bench->members[0].joined + bench->members[1].joined, 0);
	assert_int_equal(bench->members[2].joined, 1);
	topics_census_take(&census, bench->host);
	assert_int_equal(census.delivered, 2 * MANY - 1);
}

static void who_comes_later_hears_what_comes_later(void **state)
{
	struct bench *bench = *state;

	join_many(bench, MANY);
	order(&bench->speaker, "pub t early");
	/* The newest is reached first. */
	session_end(bench->members[0].base.session, 1006, SPAN(""), ENDED_BY_PEER);
	session_end(bench->members[MANY - 1].base.session, 1006, SPAN(""), ENDED_BY_PEER);
	order(&bench->members[1], "unsub t");
	assert_string_equal(memory_sent(&bench->members[1]), "ok|");
	memory_join(bench->host, &bench->late, "/t");
	order(&bench->late, "sub t");
	order(&bench->speaker, "pub t late");
	for (int i = 0; i < 20; i++)
		turn(bench);
	assert_string_equal(memory_sent(&bench->late), "ok|late|");
	assert_string_equal(memory_sent(&bench->members[1]), "");
	for (size_t i = 2; i < MANY - 1; i++)
		assert_string_equal(memory_sent(&bench->members[i]), "early|late|");
}

static void what_waits_is_bounded(void **state)
{
	struct bench *bench = *state;
	struct topics_census census;
	unsigned taken = 0;

	join_many(bench, MANY);
	host_set_topics_queue(bench->host, 100000);
	order(&bench->speaker, "many t 100 10000");
	/* The one under way, and what fits behind it. */
	assert_int_equal(sscanf(memory_sent(&bench->speaker), "taken %u|", &taken), 1);
	assert_in_range(taken, 5, 11);
	topics_census_take(&census, bench->host);
	assert_in_range(census.queue_bytes, 50000, 120000);
	assert_int_equal(census.published, taken);
	assert_int_equal(census.refused, 100 - taken);
	for (int i = 0; i < 100; i++)
		turn(bench);
	topics_census_take(&census, bench->host);
	assert_int_equal(census.queue_bytes, 0);
	assert_int_equal(census.delivered, taken * MANY);
	says(bench, &bench->speaker, "pub t again", "ok|");
}

static void a_full_member_is_closed_and_the_walk_goes_on(void **state)
{
	struct bench *bench = *state;

	join_many(bench, 3);
	bench->members[1].queue_max = 4;
	says(bench, &bench->speaker, "pub t longer", "ok|");
	assert_string_equal(memory_sent(&bench->members[0]), "longer|");
	assert_true(bench->members[1].is_closed);
	assert_int_equal(bench->members[1].close_code, 1013);
	assert_string_equal(memory_sent(&bench->members[2]), "longer|");
	says(bench, &bench->speaker, "count t", "2|");
}

/* ---- drivers ---------------------------------------------------------------------------- */

struct diary {
	struct bus_driver base;
	struct buf text;
};

static void note_publish(struct bus_driver *base, const struct bus_message *message)
{
	buf_printf(&((struct diary *)base)->text, "%.*s=%.*s#%llu@%llu ", SPAN_ARG(message->topic),
		SPAN_ARG(message->payload), (unsigned long long)message->sequence,
		(unsigned long long)message->host);
}

static void note_wanted(struct bus_driver *base, struct span filter)
{
	buf_printf(&((struct diary *)base)->text, "+%.*s ", SPAN_ARG(filter));
}

static void note_unwanted(struct bus_driver *base, struct span filter)
{
	buf_printf(&((struct diary *)base)->text, "-%.*s ", SPAN_ARG(filter));
}

static void note_flush(struct bus_driver *base)
{
	buf_printf(&((struct diary *)base)->text, ". ");
}

static const struct bus_ops outside = {.name = "diary",
	.publish = note_publish,
	.wanted = note_wanted,
	.unwanted = note_unwanted,
	.flush = note_flush};
static const struct bus_ops within = {.name = "hub", .is_within = true, .publish = note_publish};

static void expect_diary(struct diary *diary, const char *wanted)
{
	buf_append(&diary->text, "", 1);
	assert_string_equal(diary->text.data, wanted);
	diary->text.len = 0;
}

static void a_driver_hears_what_leaves(void **state)
{
	struct bench *bench = *state;
	struct diary diary = {.base.ops = &outside};

	bus_set_host_id(bench->host, 7);
	says(bench, &bench->speaker, "sub a/+", "ok|");
	bus_attach(bench->host, &diary.base);
	host_turn_end(bench->host);
	expect_diary(&diary, "+a/+ . ");
	says(bench, &bench->speaker, "sub b", "ok|");
	says(bench, &bench->speaker, "sub b", "ok|");
	expect_diary(&diary, "+b . ");
	order(&bench->speaker, "pub a/1 x");
	says(bench, &bench->speaker, "pub c y", "x|ok|ok|");
	expect_diary(&diary, "a/1=x#1@7 c=y#2@7 . ");
	says(bench, &bench->speaker, "pub a/+ x", "-3|");
	session_end(bench->speaker.base.session, 1006, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	expect_diary(&diary, "-b -a/+ . ");
	bus_detach(bench->host, &diary.base);
	buf_fini(&diary.text);
}

static void what_a_driver_hears_comes_in(void **state)
{
	struct bench *bench = *state;
	struct diary diary = {.base.ops = &outside}, hub = {.base.ops = &within};
	struct bus_message message = {
		.topic = SPAN("a"), .opcode = WS_TEXT, .payload = SPAN("hi"), .host = 9};
	struct topics_census census;

	bus_set_host_id(bench->host, 7);
	bus_attach(bench->host, &diary.base);
	bus_attach(bench->host, &hub.base);
	says(bench, &bench->speaker, "sub! a", "ok|");
	/* Of another host, with a number that one of ours has, too. */
	message.publisher = 1;
	bus_receive(bench->host, &diary.base, &message);
	assert_string_equal(memory_sent(&bench->speaker), "hi|");
	/* Our own, back from the broker: the hub has brought it. */
	message.host = 7;
	message.publisher = 0;
	bus_receive(bench->host, &diary.base, &message);
	assert_string_equal(memory_sent(&bench->speaker), "");
	bus_receive(bench->host, &hub.base, &message);
	assert_string_equal(memory_sent(&bench->speaker), "hi|");
	buf_append(&hub.text, "", 1);
	assert_string_equal(hub.text.data, ""); /* nothing was passed on */
	topics_census_take(&census, bench->host);
	assert_int_equal(census.received, 2);
	bus_detach(bench->host, &hub.base);
	bus_detach(bench->host, &diary.base);
	buf_fini(&diary.text);
	buf_fini(&hub.text);
}

static void losses_are_told_at_the_end_of_the_turn(void **state)
{
	struct bench *bench = *state;

	says(bench, &bench->speaker, "sub a/+", "ok|");
	bus_lost(bench->host, SPAN("a/1"), 2);
	bus_lost(bench->host, SPAN("b"), 5);
	bus_lost(bench->host, SPAN("a/1"), 1);
	assert_string_equal(memory_sent(&bench->speaker), "");
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->speaker), "lost a/1 3|");
	bus_lost(bench->host, SPAN(""), 4);
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->speaker), "lost  4|");
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->speaker), "");
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ROW(many_are_reached_by_slices),
		ROW(what_a_crowd_is_told_in_one_turn_goes_together),
		ROW(one_piece_is_not_for_everybody),
		ROW(who_comes_later_hears_what_comes_later),
		ROW(what_waits_is_bounded),
		ROW(a_full_member_is_closed_and_the_walk_goes_on),
		ROW(a_driver_hears_what_leaves),
		ROW(what_a_driver_hears_comes_in),
		ROW(losses_are_told_at_the_end_of_the_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
