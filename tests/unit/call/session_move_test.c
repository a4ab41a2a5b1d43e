/*
 * After a reload an open connection moves to the new version between two messages, if that takes it
 * over and nothing of the old one is pending; else it stays, unharmed. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <fcntl.h>

#include "plugin/scratch.h"

#include "call/census.h"
#include "call/generation.h"
#include "call/memory_transport.h"

static const char route[] = "  - {path: /t, plugin: tally}\n";
static const char others[] =
	"  - {path: /other, plugin: borrower, inject: {a: {from: provider, alias: slow}}}\n"
	"  - {path: /held, plugin: borrower, inject: {a: {from: provider, alias: slow_message}}}\n";
static const char providers[] = "providers:\n"
				"  slow: {plugin: lender, inject: {ms: query}}\n"
				"  slow_message: {plugin: lender, inject: {ms: query}}\n";

struct bench {
	struct memory_loop loop;
	struct host *host;
	char *dir;
	unsigned number;
};

/* NULL: the plugin stays what it is. */
static void reload(struct bench *bench, const char *version, const char *routes)
{
	struct err_list why = {0};
	struct config config;
	struct buf text = {0};
	struct generation_input input = {.config = &config, .number = ++bench->number};
	struct generation *next;
	char from[300];

	snprintf(from, sizeof(from), TEST_PLUGINS "/%s.so", version == NULL ? "" : version);
	if (version != NULL)
		file_copy(path_in(bench->dir, "tally.so"), from);
	buf_printf(&text, "plugins: %s\nroutes:\n%s%s%s", bench->dir, others, routes, providers);
	config_parse(&config, buf_span(&text), "routes.yaml", &why);
	input.images = host_images(bench->host);
	input.host = host_functions(bench->host);
	input.previous = host_generation(bench->host);
	next = generation_build(&input, &why);
	if (next == NULL)
		fail_msg("%s", why.items[0].text);
	host_swap(bench->host, next);
	err_list_fini(&why);
	buf_fini(&text);
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	bench->dir = scratch_new();
	file_copy(path_in(bench->dir, "lender.so"), TEST_PLUGINS "/lender.so");
	file_copy(path_in(bench->dir, "borrower.so"), TEST_PLUGINS "/borrower.so");
	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	reload(bench, "tally_one", route);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	host_free(bench->host);
	scratch_free(bench->dir);
	free(bench);
	return 0;
}

static void ask(struct bench *bench, struct memory_transport *t, const char *target)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct buf raw = {0};
	struct err why;

	memory_transport_init(t);
	buf_printf(&raw,
		"GET %s HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
		target);
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&raw), &why), WIRE_DONE);
	host_request(bench->host, &t->base, &head, buf_span(&raw));
	buf_fini(&raw);
	host_turn_end(bench->host);
	assert_int_equal(t->status, 101);
}

static void leave(struct bench *bench, struct memory_transport *t)
{
	if (t->base.session != NULL)
		session_end(t->base.session, 1000, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(t);
}

static void says(
	struct bench *bench, struct memory_transport *t, const char *text, const char *wanted)
{
	char with_end[200];
	const char *said;

	session_message(t->base.session, WS_TEXT, span_of(text));
	host_turn_end(bench->host);
	said = memory_sent(t);
	snprintf(with_end, sizeof(with_end), "%s %s|", wanted, text);
	if (strcmp(said, with_end) != 0)
		fail_msg("said \"%s\"\nwanted \"%s\"", said, with_end);
}

/* ---- who moves, and who stays ---- */

static void each_version_takes_over_or_not(void **state)
{
	static const struct {
		const char *version, *said;
	} table[] = {
		{"tally_two", "v2 count=2 hops=1 from=v1 nobody ab"},
		{"tally_plain", "v1 count=2 hops=0 from=v1 nobody ab"},
		{"tally_other", "v1 count=2 hops=0 from=v1 nobody ab"},
		{"tally_wary", "v1 count=2 hops=0 from=v1 nobody ab"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *bench = *state;
		struct memory_transport t;

		reload(bench, "tally_one", route);
		ask(bench, &t, "/t");
		says(bench, &t, "x", "v1 count=1 hops=0 from=v1 nobody ab");
		reload(bench, table[i].version, route);
		says(bench, &t, "y", table[i].said);
		leave(bench, &t);
	}
}

static void an_unknown_layout_stays_and_moves_later(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	reload(bench, "tally_strange", route);
	ask(bench, &t, "/t?name=Ann&tags=c&tags=d");
	reload(bench, "tally_two", route);
	says(bench, &t, "x", "strange count=1 hops=0 from=strange Ann cd");
	reload(bench, "tally_strange", route);
	/* The same bytes, but another life of them: the layout is still unknown. */
	says(bench, &t, "x", "strange count=2 hops=0 from=strange Ann cd");
	leave(bench, &t);
}

/* Each hop frees a generation with its texts and its code; ASan looks on. */
static void two_hundred_hops(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;
	char wanted[100];

	ask(bench, &t, "/t");
	for (int i = 1; i <= 200; i++) {
		reload(bench, i % 2 == 1 ? "tally_two" : "tally_one", route);
		snprintf(wanted, sizeof(wanted), "%s count=%d hops=%d from=v1 nobody ab",
			i % 2 == 1 ? "v2" : "v1", i, i);
		says(bench, &t, "x", wanted);
	}
	leave(bench, &t);
}

static void several_generations_at_once(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/t");
	reload(bench, "tally_two", route);
	reload(bench, "tally_plain", route);
	reload(bench, "tally_two", route);
	says(bench, &t, "x", "v2 count=1 hops=1 from=v1 nobody ab");
	leave(bench, &t);
}

static void an_idle_one_is_moved_by_the_sweep(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t[40];
	struct census census;

	for (int i = 0; i < 40; i++)
		ask(bench, &t[i], "/t");
	reload(bench, "tally_two", route);
	memory_loop_advance(&bench->loop, 100);
	census_take(&census, bench->host);
	assert_int_equal(census.count, 1);
	assert_int_equal(census.rows[0].generation, bench->number);
	assert_int_equal(census.rows[0].sessions, 40);
	census_fini(&census);
	for (int i = 0; i < 40; i++) {
		says(bench, &t[i], "x", "v2 count=1 hops=1 from=v1 nobody ab");
		leave(bench, &t[i]);
	}
}

static void not_inside_a_message(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;
	struct census census;

	ask(bench, &t, "/t");
	t.is_inside = true;
	reload(bench, "tally_two", route);
	memory_loop_advance(&bench->loop, 100);
	census_take(&census, bench->host);
	assert_int_equal(census.rows[0].generation, 1);
	census_fini(&census);
	t.is_inside = false;
	says(bench, &t, "x", "v2 count=1 hops=1 from=v1 nobody ab");
	leave(bench, &t);
}

static void a_timer_is_waited_for(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/t");
	says(bench, &t, "timer", "v1 count=1 hops=0 from=v1 nobody ab");
	reload(bench, "tally_two", route);
	says(bench, &t, "x", "v1 count=2 hops=0 from=v1 nobody ab");
	memory_loop_advance(&bench->loop, 50);
	says(bench, &t, "x", "v2 count=3 hops=1 from=v1 nobody ab");
	leave(bench, &t);
}

static void an_offloaded_job_is_waited_for(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/t");
	says(bench, &t, "offload", "v1 count=1 hops=0 from=v1 nobody ab");
	reload(bench, "tally_two", route);
	says(bench, &t, "x", "v1 count=2 hops=0 from=v1 nobody ab");
	while (t.sent.len == 0)
		host_collect(bench->host);
	assert_string_equal(memory_sent(&t), "v1 done|");
	says(bench, &t, "x", "v2 count=3 hops=1 from=v1 nobody ab");
	leave(bench, &t);
}

static void hand_over_may_close(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/t?name=unwanted");
	reload(bench, "tally_wary", route);
	memory_loop_advance(&bench->loop, 100);
	host_turn_end(bench->host);
	assert_int_equal(t.close_code, 4000);
	assert_int_equal(host_session_count(bench->host), 0);
	leave(bench, &t);
}

static void a_removed_route_keeps_its_connections(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/t");
	reload(bench, "tally_two", "");
	says(bench, &t, "x", "v1 count=1 hops=0 from=v1 nobody ab");
	reload(bench, "tally_two", route);
	says(bench, &t, "x", "v2 count=2 hops=1 from=v1 nobody ab");
	leave(bench, &t);
}

/* Nothing of the old generation is needed, and none is kept. */
static void the_same_plugin_needs_no_hand_over(void **state)
{
	static const char new_limits[] = "  - {path: /t, plugin: tally, limits: {queue: 2KiB}}\n";
	struct bench *bench = *state;
	struct memory_transport t;
	struct census census;

	reload(bench, "tally_plain", route);
	ask(bench, &t, "/t");
	says(bench, &t, "timer", "plain count=1 hops=0 from=plain nobody ab");
	reload(bench, NULL, new_limits);
	says(bench, &t, "x", "plain count=2 hops=0 from=plain nobody ab");
	assert_int_equal(t.queue_max, 2048);
	reload(bench, NULL, route);
	says(bench, &t, "x", "plain count=3 hops=0 from=plain nobody ab");
	census_take(&census, bench->host);
	assert_int_equal(census.rows[0].generation, bench->number);
	census_fini(&census);
	leave(bench, &t);
}

/* ---- drain ---- */

static void a_drain_ends_who_is_left_when_its_time_has_come(void **state)
{
	static const char drained[] = "  - {path: /t, plugin: tally, drain: {after: 2s}}\n";
	static const struct {
		const char *next, *later; /* versions of two reloads, a second apart */
		const char *routes;       /* of the second */
		unsigned code;            /* of the close, 0: none */
	} table[] = {
		{"tally_other", NULL, drained, 1012},
		{"tally_other", NULL, "", 1001},
		{"tally_other", NULL, route, 1012},
		{"tally_other", "tally_two", drained, 0},
		{"tally_two", "tally_other", drained, 0},
		{"tally_two", NULL, drained, 0},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *bench = *state;
		struct memory_transport t;

		reload(bench, "tally_one", drained);
		ask(bench, &t, "/t");
		reload(bench, table[i].next, drained);
		memory_loop_advance(&bench->loop, 1000);
		reload(bench, table[i].later, table[i].routes);
		memory_loop_advance(&bench->loop, 900);
		assert_int_equal(t.close_code, 0);
		memory_loop_advance(&bench->loop, 200);
		if (t.close_code != table[i].code)
			fail_msg("%s, then %s: closed with %u, wanted %u", table[i].next,
				table[i].later == NULL ? "the same" : table[i].later, t.close_code,
				table[i].code);
		leave(bench, &t);
	}
}

/* ---- results of providers ---- */

static void results_stay_with_their_provider(void **state)
{
	static const struct {
		const char *replaced; /* of the provider's plugin */
		bool moves;
	} table[] = {{NULL, true}, {"lender", false}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *bench = *state;
		struct memory_transport t;
		struct census census;
		unsigned born = bench->number;

		ask(bench, &t, "/other?ms=-1");
		if (table[i].replaced != NULL) {
			FILE *file = fopen(path_in(bench->dir, "lender.so"), "ab");

			fputs("other bytes", file);
			fclose(file);
		}
		reload(bench, NULL, route);
		memory_loop_advance(&bench->loop, 100);
		census_take(&census, bench->host);
		assert_int_equal(census.rows[0].generation, table[i].moves ? bench->number : born);
		census_fini(&census);
		leave(bench, &t);
	}
}

static unsigned generation_of_all(const struct bench *bench)
{
	struct census census;
	unsigned number;

	census_take(&census, bench->host);
	assert_int_equal(census.count, 1);
	number = census.rows[0].generation;
	census_fini(&census);
	return number;
}

static void a_held_message_is_delivered_where_it_came(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;
	unsigned born = bench->number;

	ask(bench, &t, "/held?ms=500");
	session_message(t.base.session, WS_TEXT, SPAN("first"));
	host_turn_end(bench->host);
	assert_true(t.is_held);
	reload(bench, NULL, route);
	memory_loop_advance(&bench->loop, 100);
	assert_int_equal(generation_of_all(bench), born);
	memory_loop_advance(&bench->loop, 400);
	host_turn_end(bench->host);
	assert_false(t.is_held);
	assert_true(t.sent.len > 0);
	/* The next one asks the providers of the new plan, over the results that are there. */
	session_message(t.base.session, WS_TEXT, SPAN("second"));
	assert_int_equal(generation_of_all(bench), bench->number);
	memory_loop_advance(&bench->loop, 500);
	host_turn_end(bench->host);
	assert_false(t.is_held);
	leave(bench, &t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(each_version_takes_over_or_not),
		TEST(an_unknown_layout_stays_and_moves_later),
		TEST(two_hundred_hops),
		TEST(several_generations_at_once),
		TEST(an_idle_one_is_moved_by_the_sweep),
		TEST(not_inside_a_message),
		TEST(a_timer_is_waited_for),
		TEST(an_offloaded_job_is_waited_for),
		TEST(hand_over_may_close),
		TEST(a_removed_route_keeps_its_connections),
		TEST(the_same_plugin_needs_no_hand_over),
		TEST(a_drain_ends_who_is_left_when_its_time_has_come),
		TEST(a_held_message_is_delivered_where_it_came),
		TEST(results_stay_with_their_provider),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
