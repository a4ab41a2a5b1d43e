/*
 * A subscription from a position is sent what was missed before anything new, and nothing twice,
 * whatever waits, comes and goes meanwhile; what it asks for is bounded. Over transports in memory,
 * with a hub that answers when the test says so. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call/bus.h"
#include "call/generation.h"
#include "call/memory_serve.h"
#include "call/memory_transport.h"
#include "call/resume.h"

enum { MEMBERS = 40, RECALLS = 64, HOST = 0xabc };

struct hub {
	struct bus_driver base;
	struct bus_recall recalls[RECALLS];
	size_t recalled, kept;
	bool is_full;
};

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct hub hub;
	struct memory_transport members[MEMBERS];
	uint64_t number;
};

static bool keep(struct bus_driver *base, const struct bus_message *message)
{
	struct hub *hub = (struct hub *)base;

	(void)message;
	hub->kept += !hub->is_full;
	return !hub->is_full;
}

static void recall(struct bus_driver *base, const struct bus_recall *what)
{
	struct hub *hub = (struct hub *)base;

	assert_true(hub->recalled < RECALLS);
	hub->recalls[hub->recalled++] = *what; /* the filter is not looked at later */
}

static void publish(struct bus_driver *base, const struct bus_message *message)
{
	(void)base;
	(void)message;
}

static const struct bus_ops ops = {
	.name = "hub", .is_within = true, .publish = publish, .keep = keep, .recall = recall};

static void serve_with(struct bench *bench, const char *top, const char *queue)
{
	memory_serve(bench->host, "%s\nroutes: [{path: /r, plugin: rejoin, limits: {queue: %s}}]\n",
		top, queue);
}

static void serve(struct bench *bench, const char *top)
{
	serve_with(bench, top, "1KiB");
}

static void join(struct bench *bench, size_t member, const char *query)
{
	char target[100];

	snprintf(target, sizeof(target), "/r?%s", query);
	memory_join(bench->host, &bench->members[member], target);
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	serve(bench, "topics: {history: [{filter: \"k/#\"}]}");
	bus_set_host_id(bench->host, HOST);
	bench->hub.base.ops = &ops;
	bus_attach(bench->host, &bench->hub.base);
	bench->number = 10;
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	bus_detach(bench->host, &bench->hub.base);
	host_free(bench->host);
	for (size_t i = 0; i < MEMBERS; i++)
		memory_transport_fini(&bench->members[i]);
	free(bench);
	return 0;
}

static struct bus_message message_of(struct bench *bench, const char *text)
{
	return (struct bus_message){.topic = SPAN("k/1"),
		.opcode = WS_TEXT,
		.payload = span_of(text),
		.host = HOST,
		.number = ++bench->number};
}

static void live(struct bench *bench, const char *text)
{
	struct bus_message message = message_of(bench, text);

	bus_receive(bench->host, &bench->hub.base, &message);
}

static void past(struct bench *bench, size_t nth, const char *text)
{
	const struct bus_recall *recall = &bench->hub.recalls[nth];
	struct bus_message message = message_of(bench, text);

	bus_recalled(bench->host, recall->conn, recall->serial, &message);
}

static void over(struct bench *bench, size_t nth, enum bus_recalled outcome)
{
	const struct bus_recall *recall = &bench->hub.recalls[nth];

	bus_recall_over(bench->host, recall->conn, recall->serial, outcome, HOST, bench->number);
	host_turn_end(bench->host);
}

static void expect(struct bench *bench, size_t member, const char *wanted)
{
	assert_string_equal(memory_sent(&bench->members[member]), wanted);
}

static void order(struct bench *bench, size_t member, const char *text)
{
	session_message(bench->members[member].base.session, WS_TEXT, span_of(text));
	host_turn_end(bench->host);
}

static void the_past_comes_first_and_nothing_twice(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	assert_int_equal(bench->hub.recalled, 1);
	assert_int_equal(bench->hub.recalls[0].after, 5);
	live(bench, "before the answer, so in it");
	past(bench, 0, "a");
	past(bench, 0, "b");
	live(bench, "the same");
	over(bench, 0, BUS_RECALLED);
	live(bench, "c");
	host_turn_end(bench->host);
	expect(bench, 0, "a|b|c|");
	/* An answer that nobody waits for any more. */
	past(bench, 0, "x");
	expect(bench, 0, "");
}

static void envelopes_say_where_they_stand(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/%2B&flags=p&position=");
	assert_true(bench->hub.recalls[0].after == BUS_NOW);
	over(bench, 0, BUS_RECALLED);
	expect(bench, 0, "{\"topic\":\"k/+\",\"position\":\"0000000000000abc-10\"}|");
	live(bench, "a \"b\"");
	expect(bench, 0,
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-11\","
		"\"text\":\"a \\\"b\\\"\"}|");
	/* Not behind a gap that it has yet to hear of. */
	bus_lost(bench->host, SPAN("k/1"), 2);
	live(bench, "c");
	host_turn_end(bench->host);
	live(bench, "d");
	expect(bench, 0,
		"{\"topic\":\"k/1\",\"text\":\"c\"}|{\"topic\":\"k/1\",\"lost\":true}|lost k/1 2|"
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-13\",\"text\":\"d\"}|");
}

static void what_cannot_be_known_is_told(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	over(bench, 0, BUS_RECALLED_LOST);
	expect(bench, 0, "lost k/1 0|");
	assert_true(bench->hub.recalls[1].after == BUS_NOW);
	over(bench, 1, BUS_RECALLED);
	join(bench, 1, "topic=k/1&flags=k&position=0000000000000def-5");
	assert_true(bench->hub.recalls[2].after == BUS_UNKNOWN);
	over(bench, 2, BUS_RECALLED_LOST);
	expect(bench, 1, "lost k/1 0|");
	assert_int_equal(bench->hub.recalls[3].after, 0);
	/* Of topics that are not kept nothing is asked for. */
	join(bench, 2, "topic=other&flags=&position=0000000000000abc-5");
	assert_int_equal(bench->hub.recalled, 4);
	expect(bench, 2, "lost other 0|");
	order(bench, 2, "pub other x");
	expect(bench, 2, "x|=0|");
}

static void a_reload_may_end_it_all(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	serve(bench, "");
	over(bench, 0, BUS_RECALLED_PART);
	expect(bench, 0, "lost k/1 0|");
	assert_int_equal(bench->hub.recalled, 1);
	order(bench, 0, "pub k/1 x");
	expect(bench, 0, "x|=0|");
}

static void so_many_ask_at_a_time(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < MEMBERS; i++)
		join(bench, i, "topic=k/1&flags=&position=0000000000000abc-5");
	assert_int_equal(bench->hub.recalled, RESUME_ASKED_MAX);
	/* Those who leave, asked or waiting, are passed over. */
	session_end(bench->members[0].base.session, 1006, SPAN(""), ENDED_BY_PEER);
	session_end(bench->members[30].base.session, 1006, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	order(bench, 1, "unsub k/1");
	for (size_t i = 0; i < bench->hub.recalled; i++) {
		past(bench, i, "p");
		over(bench, i, BUS_RECALLED);
		assert_true(bench->hub.recalled <= i + 1 + RESUME_ASKED_MAX);
	}
	assert_int_equal(bench->hub.recalled, MEMBERS - 1);
	live(bench, "l");
	for (size_t i = 0; i < MEMBERS; i++)
		expect(bench, i, i == 0 || i == 30 ? "" : i == 1 ? "=0|" : "p|l|");
}

static void a_long_past_waits_for_room(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	past(bench, 0, "a");
	bench->members[0].queued = 300;
	over(bench, 0, BUS_RECALLED_PART);
	for (int i = 0; i < 3; i++) {
		memory_loop_advance(&bench->loop, RESUME_LOOK_MS);
		host_turn_end(bench->host);
	}
	assert_int_equal(bench->hub.recalled, 1);
	bench->members[0].queued = 0;
	memory_loop_advance(&bench->loop, RESUME_LOOK_MS);
	host_turn_end(bench->host);
	assert_int_equal(bench->hub.recalled, 2);
	assert_int_equal(bench->hub.recalls[1].after, bench->number);
	assert_null(bench->loop.timers);
	past(bench, 1, "b");
	over(bench, 1, BUS_RECALLED);
	live(bench, "c");
	expect(bench, 0, "a|b|c|");
}

/* What is new has half of the queue to itself, however many come again. */
static void a_part_is_no_more_than_its_share(void **state)
{
	static const struct {
		const char *link, *peer;
		uint64_t bytes;
	} rows[] = {
		{"64MiB", "64MiB", RESUME_PART_BYTES},
		{"64MiB", "1KiB", 256},
		{"64KiB", "64MiB", 64 * 1024 / 2 / RESUME_ASKED_MAX},
	};
	struct bench *bench = *state;
	char top[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(top, sizeof(top), "topics: {queue: %s, history: [{filter: \"k/#\"}]}",
			rows[i].link);
		serve_with(bench, top, rows[i].peer);
		join(bench, i, "topic=k/1&flags=k&position=");
		assert_int_equal(bench->hub.recalled, i + 1);
		assert_int_equal(bench->hub.recalls[i].bytes, rows[i].bytes);
		past(bench, i, "a");
		over(bench, i, BUS_RECALLED);
		expect(bench, i, "a|");
	}
}

static void what_the_hub_has_no_room_for_is_refused(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=&flags=&position=");
	order(bench, 0, "pub k/1 x");
	assert_int_equal(bench->hub.kept, 1);
	bench->hub.is_full = true;
	order(bench, 0, "pub k/1 x");
	expect(bench, 0, "=0|=-2|");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_past_comes_first_and_nothing_twice),
		TEST(envelopes_say_where_they_stand),
		TEST(what_cannot_be_known_is_told),
		TEST(a_reload_may_end_it_all),
		TEST(so_many_ask_at_a_time),
		TEST(a_long_past_waits_for_room),
		TEST(a_part_is_no_more_than_its_share),
		TEST(what_the_hub_has_no_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
