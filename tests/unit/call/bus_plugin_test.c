/*
 * A bus driver is asked at the end of turns only, hears of every filter after each reconnect and
 * before any message, and what waits meanwhile is bounded; what it hears is delivered once, and
 * what is missing is told. With a driver that writes down what it is asked.
 * SPDX-License-Identifier: MIT
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
#include "call/memory_serve.h"
#include "call/memory_transport.h"

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct memory_transport peer;
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
	memory_serve(bench->host, "%sroutes: [{path: /t, plugin: gossip}]\n", bus);
	host_turn_end(bench->host);
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	bus_set_host_id(bench->host, 7);
	serve(bench, "bus: {driver: tape, queue: 64KiB}\n");
	bench->functions = host_functions(bench->host)
				   ->extension(host_functions(bench->host), SL_BUS_EXTENSION);
	memory_join(bench->host, &bench->peer, "/t");
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	host_free(bench->host);
	memory_transport_fini(&bench->peer);
	free(bench);
	return 0;
}

static void order(struct bench *bench, const char *text)
{
	session_message(bench->peer.base.session, WS_TEXT, span_of(text));
}

static void says(struct bench *bench, const char *text, const char *answer)
{
	order(bench, text);
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->peer), answer);
}

static void is_noted(struct bench *bench, const char *wanted)
{
	assert_string_equal(tape(bench)->text, wanted);
	tape(bench)->text[0] = '\0';
}

static void goes(struct bench *bench, uint32_t state)
{
	bench->functions->state(driver(bench), state, "because");
	is_noted(bench, "");
	host_turn_end(bench->host);
}

static struct bus_census census(const struct bench *bench)
{
	struct bus_census out;

	bus_census_take(&out, bench->host);
	return out;
}

/* ---- out -------------------------------------------------------------------------------- */

static void the_driver_is_asked_at_the_end_of_turns(void **state)
{
	struct bench *bench = *state;

	goes(bench, SL_BUS_UP);
	is_noted(bench, ".|");
	order(bench, "sub a/+");
	order(bench, "sub a/+");
	order(bench, "pub a/1 x");
	order(bench, "pub b y");
	order(bench, "pub b z");
	order(bench, "unsub a/+");
	is_noted(bench, "");
	host_turn_end(bench->host);
	is_noted(bench, "+a/+|-a/+|a/1#1=x|b#1=y|b#2=z|.|");
	host_turn_end(bench->host);
	is_noted(bench, "");
}

static void after_each_reconnect_filters_come_before_messages(void **state)
{
	struct bench *bench = *state;

	says(bench, "sub a", "ok|");
	says(bench, "pub b 1", "ok|");
	is_noted(bench, "");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+a|b#1=1|.|");
	goes(bench, SL_BUS_DOWN);
	assert_string_equal(census(bench).state, "down");
	assert_string_equal(census(bench).text, "because");
	says(bench, "unsub a", "ok|");
	says(bench, "sub c", "ok|");
	says(bench, "pub b 2", "ok|");
	goes(bench, SL_BUS_CONNECTING);
	is_noted(bench, "");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+c|b#2=2|.|");
	assert_int_equal(census(bench).counts.published, 2);
	assert_int_equal(census(bench).queue_bytes, 0);
}

static void a_full_driver_is_asked_again_when_it_says_so(void **state)
{
	struct bench *bench = *state;

	goes(bench, SL_BUS_UP);
	is_noted(bench, ".|");
	tape(bench)->result = SL_FULL;
	says(bench, "pub b 1", "ok|");
	is_noted(bench, ".|");
	tape(bench)->result = SL_OK;
	says(bench, "pub b 2", "ok|");
	is_noted(bench, ".|");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "b#1=1|b#2=2|.|");
	tape(bench)->result = SL_FAILED;
	says(bench, "pub b 3", "ok|");
	assert_int_equal(census(bench).counts.dropped, 1);
}

/* Of what waits; the numbers of what was dropped are missing, so that others know. */
static void what_waits_is_bounded(void **state)
{
	struct bench *bench = *state;
	uint64_t dropped;
	unsigned first;
	char *text;

	says(bench, "many b 100 1000", "taken 100|");
	dropped = census(bench).counts.dropped;
	assert_in_range(dropped, 36, 50);
	assert_in_range(census(bench).queue_bytes, 60000, 65536);
	goes(bench, SL_BUS_UP);
	assert_int_equal(sscanf(tape(bench)->text, "b#%u=", &first), 1);
	assert_int_equal(first, dropped + 1);
	tape(bench)->text[0] = 0;
	goes(bench, SL_BUS_DOWN);
	serve(bench, "bus: {driver: tape, queue: 64KiB, overflow: drop_newest}\n");
	says(bench, "many b 100 1000", "taken 100|");
	tape(bench)->text[0] = '\0';
	goes(bench, SL_BUS_UP);
	text = strchr(tape(bench)->text, '#');
	assert_non_null(text);
	assert_int_equal(atoi(text + 1), 101);
}

/* ---- in --------------------------------------------------------------------------------- */

static int hear(struct bench *bench, const char *topic, uint64_t sequence, const char *text)
{
	const struct sl_bus_message message = {
		.topic = {topic, strlen(topic)},
		.data = {text, strlen(text)},
		.host = 8,
		.origin = 80,
		.sequence = sequence,
		.type = SL_TEXT,
	};
	int result = bench->functions->received(driver(bench), &message, sizeof(message));

	host_turn_end(bench->host);
	return result;
}

static void what_is_heard_is_delivered_once_and_gaps_are_told(void **state)
{
	struct bench *bench = *state;

	says(bench, "sub a/+", "ok|");
	assert_int_equal(hear(bench, "a/1", 5, "five"), SL_OK);
	assert_string_equal(memory_sent(&bench->peer), "five|");
	assert_int_equal(hear(bench, "a/1", 5, "five"), SL_OK);
	assert_int_equal(hear(bench, "b", 1, "for nobody"), SL_OK);
	assert_string_equal(memory_sent(&bench->peer), "");
	assert_int_equal(hear(bench, "a/1", 9, "nine"), SL_OK);
	assert_string_equal(memory_sent(&bench->peer), "nine|lost a/1 3|");
	bench->functions->lost(driver(bench), (struct sl_str){"a/2", 3}, 2);
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->peer), "lost a/2 2|");
	assert_int_equal(census(bench).counts.lost, 5);
	assert_int_equal(census(bench).counts.duplicates, 1);
	assert_int_equal(census(bench).counts.received, 3);
}

static void echoes_and_nonsense_are_passed_over(void **state)
{
	struct bench *bench = *state;
	struct sl_bus_message echo = {.topic = {"a", 1}, .data = {"x", 1}, .host = 7, .type = 1};

	says(bench, "sub #", "ok|");
	assert_int_equal(bench->functions->received(driver(bench), &echo, sizeof(echo)), SL_OK);
	assert_int_equal(hear(bench, "a/+", 1, "x"), SL_INVALID);
	assert_int_equal(hear(bench, "", 1, "x"), SL_INVALID);
	assert_int_equal(hear(bench, "a", 1, "\xff"), SL_INVALID);
	assert_string_equal(memory_sent(&bench->peer), "");
	assert_int_equal(census(bench).counts.refused, 3);
}

/* ---- hosts among themselves ------------------------------------------------------------- */

struct ears {
	struct bus_peers_link link;
	char text[200];
};

static void note_heard(struct bus_peers_link *link, uint64_t host, struct span body)
{
	struct ears *ears = (struct ears *)(void *)link;
	size_t len = strlen(ears->text);

	snprintf(ears->text + len, sizeof(ears->text) - len, "%d:%.*s|", (int)host, SPAN_ARG(body));
}

static void note_went(struct bus_peers_link *link, bool is_up)
{
	note_heard(link, is_up, SPAN("state"));
}

static void hosts_speak_beside_what_plugins_publish(void **state)
{
	static const struct bus_peers_ops ops = {note_heard, note_went};
	struct bench *bench = *state;
	struct ears ears = {.link.ops = &ops};

	bus_peers_set_link(bench->host, &ears.link);
	bus_peers_say(bench->host, SPAN("unheard"));
	goes(bench, SL_BUS_UP);
	is_noted(bench, ".|");
	assert_string_equal(ears.text, "1:state|");
	/* Without being asked it hears nothing. */
	assert_int_equal(hear(bench, "$socklet/hosts", 1, "early"), SL_OK);
	bus_peers_speak(bench->host, SPAN("farewell"));
	bus_peers_say(bench->host, SPAN("one"));
	bus_peers_say(bench->host, SPAN("two"));
	says(bench, "pub b x", "ok|");
	is_noted(bench, "+$socklet/hosts|$socklet/hosts#1=one|$socklet/hosts#2=two|b#1=x|.|");
	assert_int_equal(hear(bench, "$socklet/hosts", 9, "nine"), SL_OK);
	assert_int_equal(hear(bench, "$socklet/hosts", 2, "again"), SL_OK);
	assert_string_equal(ears.text, "1:state|8:nine|8:again|");
	/* What a full driver did not take waits, but not for a broker that is away. */
	tape(bench)->result = SL_FULL;
	bus_peers_say(bench->host, SPAN("three"));
	host_turn_end(bench->host);
	tape(bench)->result = SL_OK;
	tape(bench)->text[0] = '\0';
	goes(bench, SL_BUS_UP);
	is_noted(bench, "$socklet/hosts#4=three|.|");
	tape(bench)->result = SL_FULL;
	bus_peers_say(bench->host, SPAN("four"));
	host_turn_end(bench->host);
	tape(bench)->result = SL_OK;
	tape(bench)->text[0] = '\0';
	goes(bench, SL_BUS_DOWN);
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+$socklet/hosts|.|");
	bus_peers_hush(bench->host);
	host_turn_end(bench->host);
	is_noted(bench, "-$socklet/hosts|.|");
	/* None of it is a message of a topic. */
	assert_int_equal(census(bench).counts.published, 1);
	assert_int_equal(census(bench).counts.received, 0);
	assert_int_equal(census(bench).counts.lost, 0);
	bus_peers_set_link(bench->host, NULL);
}

static void what_is_of_the_host_stays_there(void **state)
{
	struct bench *bench = *state;

	goes(bench, SL_BUS_UP);
	is_noted(bench, ".|");
	says(bench, "sub $presence/a", "ok|");
	says(bench, "sub $presence/#", "ok|");
	says(bench, "sub $socklet/#", "-3|");
	says(bench, "pub $presence/a x", "-3|");
	says(bench, "pub $socklet/hosts x", "-3|");
	order(bench, "here a ann");
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&bench->peer),
		"{\"event\":\"join\",\"topic\":\"a\",\"host\":\"0000000000000007\",\"id\":1,"
		"\"label\":\"ann\"}|ok|");
	assert_int_equal(hear(bench, "$presence/a", 1, "made up"), SL_OK);
	assert_string_equal(memory_sent(&bench->peer), "");
	assert_null(strchr(tape(bench)->text, '$'));
	tape(bench)->text[0] = '\0';
	goes(bench, SL_BUS_DOWN);
	goes(bench, SL_BUS_UP);
	is_noted(bench, ".|");
}

/* ---- reload ----------------------------------------------------------------------------- */

static void a_reload_keeps_the_driver_or_puts_another_in_its_place(void **state)
{
	struct bench *bench = *state;
	struct sl_plugin *first = driver(bench);

	says(bench, "sub a", "ok|");
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+a|.|");
	serve(bench, "bus: {driver: tape, queue: 128KiB}\n");
	assert_ptr_equal(driver(bench), first);
	is_noted(bench, "");
	/* What waits goes to the one that comes; the old one has stopped though a session has it.
	 */
	goes(bench, SL_BUS_DOWN);
	says(bench, "pub b 1", "ok|");
	serve(bench, "bus: {driver: tape, options: {number: 2}}\n");
	assert_ptr_not_equal(driver(bench), first);
	goes(bench, SL_BUS_UP);
	is_noted(bench, "+a|b#1=1|.|");
	serve(bench, "");
	assert_null(census(bench).driver);
	says(bench, "pub a 2", "2|ok|");
}

static void what_is_no_driver_is_refused(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{"bus: {driver: gossip}\nroutes: [{path: /t, plugin: gossip}]\n",
			"plugin gossip is no bus driver; name one whose SL_PLUGIN has .bus, such "
			"as redis"},
		{"routes: [{path: /t, plugin: tape}]\n",
			"plugin tape is a bus driver and serves no route; name it under \"bus:\""},
		{"bus: {driver: tape, options: {volume: 3}}\n"
		 "routes: [{path: /t, plugin: gossip}]\n",
			"options of plugin tape: the plugin has no option volume; it has: number"},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = {0};
		struct err_list why = {0};
		struct config config;
		struct generation_input input = {
			.config = &config,
			.images = host_images(bench->host),
			.host = host_functions(bench->host),
		};

		buf_printf(&text, "plugins: " TEST_PLUGINS "\n%s", rows[i].text);
		assert_true(config_parse(&config, buf_span(&text), "routes.yaml", &why));
		assert_null(generation_build(&input, &why));
		if (why.count != 1 || strstr(why.items[0].text, rows[i].complaint) == NULL)
			fail_msg("%s: said \"%s\"\nwanted \"%s\"", rows[i].text, why.items[0].text,
				rows[i].complaint);
		err_list_fini(&why);
		buf_fini(&text);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_driver_is_asked_at_the_end_of_turns),
		TEST(after_each_reconnect_filters_come_before_messages),
		TEST(a_full_driver_is_asked_again_when_it_says_so),
		TEST(what_waits_is_bounded),
		TEST(what_is_heard_is_delivered_once_and_gaps_are_told),
		TEST(echoes_and_nonsense_are_passed_over),
		TEST(hosts_speak_beside_what_plugins_publish),
		TEST(what_is_of_the_host_stays_there),
		TEST(a_reload_keeps_the_driver_or_puts_another_in_its_place),
		TEST(what_is_no_driver_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
