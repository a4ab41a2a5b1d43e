/*
 * What a store has numbered comes to members once each and in its order, whatever is live, past,
 * held, or was given to them before it had a number. With a driver that writes down what it is
 * asked. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../plugins/tape.h"
#include "call/bus_plugin.h"
#include "call/generation.h"
#include "call/host_state.h"
#include "call/memory_serve.h"
#include "call/memory_transport.h"
#include "call/resume.h"

enum { MEMBERS = 3, OURS = 7, ORDER = 0xabc };

static const char kept[] = "bus: {driver: tape, queue: 64KiB}\n"
			   "topics: {history: [{filter: \"k/#\"}], history_store: bus}\n";

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct memory_transport members[MEMBERS];
	const struct sl_bus_host *functions;
};

/* The serving driver. */
static struct sl_plugin *driver(const struct bench *bench)
{
	return host_generation(bench->host)->bus;
}

static struct tape *tape(const struct bench *bench)
{
	return driver(bench)->state;
}

static void serve(struct bench *bench, const char *bus)
{
	memory_serve(bench->host, "%sroutes: [{path: /r, plugin: rejoin}]\n", bus);
	host_turn_end(bench->host);
}

static void join(struct bench *bench, size_t member, const char *query)
{
	char target[100];

	snprintf(target, sizeof(target), "/r?%s", query);
	memory_join(bench->host, &bench->members[member], target);
}

static void is_noted(struct bench *bench, const char *wanted)
{
	assert_string_equal(tape(bench)->text, wanted);
	tape(bench)->text[0] = '\0';
}

static void goes(struct bench *bench, uint32_t state)
{
	bench->functions->state(driver(bench), state, "because");
	host_turn_end(bench->host);
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	bus_set_host_id(bench->host, OURS);
	serve(bench, kept);
	bench->functions = host_functions(bench->host)
				   ->extension(host_functions(bench->host), SL_BUS_EXTENSION);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	host_free(bench->host);
	for (size_t i = 0; i < MEMBERS; i++)
		memory_transport_fini(&bench->members[i]);
	free(bench);
	return 0;
}

static void order(struct bench *bench, size_t member, const char *text)
{
	session_message(bench->members[member].base.session, WS_TEXT, span_of(text));
	host_turn_end(bench->host);
}

static void expect(struct bench *bench, size_t member, const char *wanted)
{
	assert_string_equal(memory_sent(&bench->members[member]), wanted);
}

static uint64_t origin_of(const struct bench *bench)
{
	struct bus_parcel *first = TAILQ_FIRST(&bench->host->broker.queue.taken);

	return first == NULL ? bench->host->broker.kept_origin : first->message.origin;
}

static struct sl_bus_message message_of(
	const struct bench *bench, uint64_t number, const char *text, uint64_t sequence)
{
	return (struct sl_bus_message){
		.topic = {"k/1", 3},
		.data = {text, strlen(text)},
		.host = sequence == 0 ? OURS + 1 : OURS,
		.origin = sequence == 0 ? 99 : origin_of(bench),
		.sequence = sequence == 0 ? number : sequence,
		.type = SL_TEXT,
		.order = ORDER,
		.number = number,
	};
}

/* With a sequence: one of this worker's own. */
static void live(struct bench *bench, uint64_t number, const char *text, uint64_t sequence)
{
	const struct sl_bus_message message = message_of(bench, number, text, sequence);

	assert_int_equal(
		bench->functions->received(driver(bench), &message, sizeof(message)), SL_OK);
	host_turn_end(bench->host);
}

static void past(struct bench *bench, uint64_t number, const char *text, uint64_t sequence)
{
	const struct sl_bus_message message = message_of(bench, number, text, sequence);

	bench->functions->recalled(
		driver(bench), tape(bench)->recall_id, &message, sizeof(message));
}

static void over(struct bench *bench, uint64_t outcome, uint64_t order_id, uint64_t number)
{
	bench->functions->recall_over(
		driver(bench), tape(bench)->recall_id, outcome, order_id, number);
	host_turn_end(bench->host);
}

/* Up, and the store is at 10. */
static void begin(struct bench *bench)
{
	goes(bench, SL_BUS_UP);
	is_noted(bench, "?#>now|.|");
	over(bench, SL_BUS_ALL, ORDER, 10);
	tape(bench)->text[0] = '\0';
}

static void subscribe(struct bench *bench, size_t member, const char *query, uint64_t number)
{
	join(bench, member, query);
	over(bench, SL_BUS_ALL, ORDER, number);
	memory_sent(&bench->members[member]);
	tape(bench)->text[0] = '\0';
}

/* ---- up --------------------------------------------------------------------------------- */

static void what_is_kept_comes_back_with_its_number(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	join(bench, 0, "topic=k/1&flags=p&position=");
	is_noted(bench, "+k/1|?k/1>now|.|");
	over(bench, SL_BUS_ALL, ORDER, 10);
	expect(bench, 0, "{\"topic\":\"k/1\",\"position\":\"0000000000000abc-10\"}|");
	order(bench, 0, "pub k/1 x");
	expect(bench, 0, "=0|");
	is_noted(bench, "!k/1#1=x|.|");
	live(bench, 11, "x", 1);
	live(bench, 11, "x", 1);
	expect(bench, 0,
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-11\",\"text\":\"x\"}|");
	assert_int_equal(bench->host->kept.duplicates, 1);
	/* Others are published as ever. */
	order(bench, 0, "pub other y");
	is_noted(bench, "other#1=y|.|");
	bench->functions->kept(driver(bench), 1);
	assert_int_equal(bench->host->broker.queue.bytes, 0);
}

static void a_full_queue_refuses(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	join(bench, 0, "topic=&flags=&position=");
	tape(bench)->result = SL_FULL;
	order(bench, 0, "many k/1 100 1000");
	expect(bench, 0, "=-2|");
}

static void past_and_live_overlap(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	is_noted(bench, "+k/1|?k/1>abc-5|.|");
	live(bench, 11, "a", 0);
	past(bench, 6, "past", 0);
	past(bench, 11, "a", 0);
	past(bench, 12, "b", 0);
	live(bench, 12, "b", 0);
	live(bench, 13, "c", 0);
	over(bench, SL_BUS_ALL, ORDER, 12);
	expect(bench, 0, "past|a|b|c|");
	live(bench, 14, "d", 0);
	expect(bench, 0, "d|");
}

static void what_is_live_late_is_known(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	past(bench, 11, "a", 0);
	over(bench, SL_BUS_ALL, ORDER, 12);
	live(bench, 11, "a", 0);
	live(bench, 12, "b, seen elsewhere", 0);
	live(bench, 13, "c", 0);
	live(bench, 14, "d", 0);
	expect(bench, 0, "a|c|d|");
}

/* ---- away ------------------------------------------------------------------------------- */

static void who_had_it_without_a_number_gets_the_number(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=p&position=", 10);
	subscribe(bench, 1, "topic=k/1&flags=&position=", 10);
	goes(bench, SL_BUS_DOWN);
	order(bench, 0, "pub k/1 x");
	expect(bench, 0, "{\"topic\":\"k/1\",\"text\":\"x\"}|=0|");
	expect(bench, 1, "x|");
	/* Who comes between is live at once, and has not had it. */
	join(bench, 2, "topic=k/1&flags=&position=");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+k/1|!k/1#1=x|?k/1>abc-10|.|");
	live(bench, 12, "x", 1);
	past(bench, 11, "elsewhere", 0);
	over(bench, SL_BUS_ALL, ORDER, 11);
	expect(bench, 0,
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-11\",\"text\":\"elsewhere\"}|"
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-12\"}|");
	expect(bench, 1, "elsewhere|");
	expect(bench, 2, "elsewhere|x|");
}

/* Joined to one batch they are not for everybody alike. */
static void what_comes_together_is_looked_at_one_by_one(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=&position=", 10);
	goes(bench, SL_BUS_DOWN);
	join(bench, 1, "topic=&flags=&position=");
	order(bench, 1, "pub k/1 x");
	order(bench, 1, "pub k/1 y");
	expect(bench, 0, "x|y|");
	goes(bench, SL_BUS_UP);
	live(bench, 12, "x", 1);
	live(bench, 13, "y", 2);
	past(bench, 11, "elsewhere", 0);
	over(bench, SL_BUS_ALL, ORDER, 11);
	expect(bench, 0, "elsewhere|");
	/* Who was in the answer with them has both. */
	join(bench, 2, "topic=k/1&flags=&position=0000000000000abc-10");
	past(bench, 14, "a", 0);
	past(bench, 15, "b", 0);
	over(bench, SL_BUS_ALL, ORDER, 15);
	for (uint64_t number = 14; number <= 16; number++) {
		const struct sl_bus_message message = message_of(bench, number,
			number == 14   ? "a"
			: number == 15 ? "b"
				       : "c",
			0);

		bench->functions->received(driver(bench), &message, sizeof(message));
	}
	host_turn_end(bench->host);
	expect(bench, 0, "a|b|c|");
	expect(bench, 2, "a|b|c|");
}

/* A driver that listens before it is asked may have read both at once: that it is up, and a note.
 */
static void what_comes_before_the_question_is_held_too(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=p&position=", 10);
	goes(bench, SL_BUS_DOWN);
	bench->functions->state(driver(bench), SL_BUS_CONNECTING, "because");
	bench->functions->state(driver(bench), SL_BUS_UP, "because");
	live(bench, 12, "first", 0);
	is_noted(bench, "+k/1|?k/1>abc-10|.|");
	expect(bench, 0, "");
	live(bench, 13, "behind", 0);
	past(bench, 11, "missed", 0);
	past(bench, 12, "first", 0);
	over(bench, SL_BUS_ALL, ORDER, 12);
	expect(bench, 0,
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-11\",\"text\":\"missed\"}|"
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-12\",\"text\":\"first\"}|"
		"{\"topic\":\"k/1\",\"position\":\"0000000000000abc-13\",\"text\":\"behind\"}|");
}

/* Others on this broker keep what this host does not. */
static void who_keeps_nothing_asks_nothing_and_holds_nothing(void **state)
{
	struct bench *bench = *state;

	serve(bench, "bus: {driver: tape, queue: 64KiB}\n");
	goes(bench, SL_BUS_UP);
	join(bench, 0, "topic=k/1&flags=&position=");
	live(bench, 11, "first", 0);
	expect(bench, 0, "first|");
	goes(bench, SL_BUS_DOWN);
	tape(bench)->text[0] = '\0';
	bench->functions->state(driver(bench), SL_BUS_UP, "because");
	live(bench, 13, "second", 0);
	is_noted(bench, "+k/1|.|");
	expect(bench, 0, "second|");
	live(bench, 14, "third", 0);
	expect(bench, 0, "third|");
}

static void what_was_on_its_way_is_given_and_offered_again(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=&position=", 10);
	order(bench, 0, "pub k/1 x");
	order(bench, 0, "pub k/1 y");
	is_noted(bench, "!k/1#1=x|.|!k/1#2=y|.|");
	expect(bench, 0, "=0|=0|");
	live(bench, 11, "x", 1);
	expect(bench, 0, "x|");
	goes(bench, SL_BUS_DOWN);
	expect(bench, 0, "y|");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+k/1|!k/1#1=x|!k/1#2=y|?k/1>abc-11|.|");
	past(bench, 12, "y", 2);
	over(bench, SL_BUS_ALL, ORDER, 12);
	expect(bench, 0, "");
	bench->functions->kept(driver(bench), 2);
	assert_int_equal(bench->host->broker.queue.bytes, 0);
}

static void another_order_is_told_and_begins_at_its_first(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=&position=", 10);
	goes(bench, SL_BUS_DOWN);
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+k/1|?k/1>abc-10|.|");
	over(bench, SL_BUS_LOST, 0xdef, 3);
	is_noted(bench, "?k/1>def-0|.|");
	expect(bench, 0, "lost k/1 0|");
	over(bench, SL_BUS_ALL, 0xdef, 3);
	assert_true(bench->host->kept.order == 0xdef && bench->host->kept.heard == 3);
}

static void what_is_dropped_leaves_a_gap_that_is_told(void **state)
{
	struct bench *bench = *state;
	struct sl_bus_message gap;
	unsigned lost;

	begin(bench);
	subscribe(bench, 0, "topic=k/1&flags=&position=", 10);
	goes(bench, SL_BUS_DOWN);
	order(bench, 0, "many k/2 100 1000");
	goes(bench, SL_BUS_UP);
	over(bench, SL_BUS_ALL, ORDER, 10);
	assert_int_equal(sscanf(tape(bench)->text, "+k/1|!!k/2#1=%u|", &lost), 1);
	assert_in_range(lost, 36, 60);
	expect(bench, 0, "=0|");
	gap = message_of(bench, 11, "36", 0);
	gap.type = SL_BUS_GAP;
	assert_int_equal(bench->functions->received(driver(bench), &gap, sizeof(gap)), SL_OK);
	host_turn_end(bench->host);
	expect(bench, 0, "lost k/1 36|");
}

static void patience_has_an_end(void **state)
{
	struct bench *bench = *state;

	join(bench, 0, "topic=k/1&flags=&position=0000000000000abc-5");
	for (int ms = 0; ms < RESUME_PATIENCE_MS; ms += RESUME_AWAY_MS) {
		expect(bench, 0, "");
		memory_loop_advance(&bench->loop, RESUME_AWAY_MS);
		host_turn_end(bench->host);
	}
	expect(bench, 0, "lost k/1 0|");
	order(bench, 0, "pub k/1 x");
	expect(bench, 0, "x|=0|");
	assert_null(bench->loop.timers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_comes_back_with_its_number),
		TEST(a_full_queue_refuses),
		TEST(past_and_live_overlap),
		TEST(what_is_live_late_is_known),
		TEST(who_had_it_without_a_number_gets_the_number),
		TEST(what_comes_together_is_looked_at_one_by_one),
		TEST(what_comes_before_the_question_is_held_too),
		TEST(who_keeps_nothing_asks_nothing_and_holds_nothing),
		TEST(what_was_on_its_way_is_given_and_offered_again),
		TEST(another_order_is_told_and_begins_at_its_first),
		TEST(what_is_dropped_leaves_a_gap_that_is_told),
		TEST(patience_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
