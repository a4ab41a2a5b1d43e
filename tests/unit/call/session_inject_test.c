/*
 * A provider that answers later holds up its own connection and nothing else, goes on at the end of
 * a turn, and is given up when its time has passed. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call/generation.h"
#include "call/memory_transport.h"

static const char routes[] =
	"plugins: " TEST_PLUGINS "\n"
	"routes:\n"
	"  - {path: /connection, plugin: borrower, inject: {a: {from: provider, alias: slow}}}\n"
	"  - path: /message\n"
	"    plugin: borrower\n"
	"    inject: {a: {from: provider, alias: slow_message}}\n"
	"  - path: /errors\n"
	"    plugin: borrower\n"
	"    inject: {a: {from: provider, alias: counted}, b: {from: provider, alias: slow}}\n"
	"providers:\n"
	"  counted: {plugin: lender, inject: {few: header}}\n"
	"  slow: {plugin: lender, timeout: 2s, inject: {ms: query}}\n"
	"  slow_message: {plugin: lender, timeout: 2s, inject: {ms: query}}\n";

struct bench {
	struct memory_loop loop;
	struct host *host;
};

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};
	struct config config;
	struct generation_input input = {.config = &config};
	struct generation *generation;

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	config_parse(&config, span_of(routes), "routes.yaml", &why);
	input.images = host_images(bench->host);
	input.host = host_functions(bench->host);
	generation = generation_build(&input, &why);
	if (generation == NULL)
		fail_msg("%s", why.items[0].text);
	host_swap(bench->host, generation);
	err_list_fini(&why);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_stop(bench->host, 0);
	host_free(bench->host);
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
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
		"Few: one\r\nFew: two\r\nFew: three\r\n\r\n",
		target);
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&raw), &why), WIRE_DONE);
	host_request(bench->host, &t->base, &head, buf_span(&raw));
	/* What is needed longer was copied: the bytes are gone now, as in a receive buffer. */
	buf_fini(&raw);
	host_turn_end(bench->host);
}

static void the_handshake_goes_on_at_the_end_of_the_turn(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/connection?ms=500");
	assert_int_equal(t.status, 0);
	memory_loop_advance(&bench->loop, 500);
	/* Who provides is plugin code: connect may not run inside it. */
	assert_int_equal(t.status, 0);
	assert_true(bench->loop.wants_turn_end);
	host_turn_end(bench->host);
	assert_int_equal(t.status, 101);
	session_end(t.base.session, 1000, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&t);
}

static void its_time_passes(void **state)
{
	static const struct {
		const char *target;
		uint64_t after_ms;
		unsigned status;
	} table[] = {{"/connection?ms=-2", 1999, 0}, {"/connection?ms=-2", 2000, 504},
		{"/connection?ms=1999", 2000, 101}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *bench = *state;
		struct memory_transport t;

		ask(bench, &t, table[i].target);
		memory_loop_advance(&bench->loop, table[i].after_ms);
		host_turn_end(bench->host);
		if (t.status != table[i].status)
			fail_msg("%s after %d ms: %u, wanted %u", table[i].target,
				(int)table[i].after_ms, t.status, table[i].status);
		if (t.base.session != NULL)
			session_end(t.base.session, 1006, SPAN(""), ENDED_BY_PEER);
		host_turn_end(bench->host);
		memory_transport_fini(&t);
	}
}

static void a_peer_that_leaves_after_the_value_came_gets_no_connect(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/connection?ms=10");
	memory_loop_advance(&bench->loop, 10);
	session_end(t.base.session, 1006, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	assert_int_equal(t.status, 0);
	assert_int_equal(host_session_count(bench->host), 0);
	memory_transport_fini(&t);
}

static void what_was_wrong_before_is_told_after(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	ask(bench, &t, "/errors?ms=10");
	memory_loop_advance(&bench->loop, 10);
	host_turn_end(bench->host);
	assert_int_equal(t.status, 403);
	if (strstr(t.body.data, "\"input\":[\"one\",\"two\",\"three\"]") == NULL)
		fail_msg("wanted the three that were too many, got %s", t.body.data);
	memory_transport_fini(&t);
}

static void a_message_is_held_until_its_value_is_there(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;
	char text[] = "first";

	ask(bench, &t, "/message?ms=100");
	assert_int_equal(t.status, 101);
	session_message(t.base.session, WS_TEXT, span_of(text));
	/* The transport's bytes are gone now. */
	memset(text, 'x', sizeof(text) - 1);
	assert_true(t.is_held);
	assert_string_equal(memory_sent(&t), "");
	memory_loop_advance(&bench->loop, 100);
	assert_true(t.is_held);
	host_turn_end(bench->host);
	assert_false(t.is_held);
	assert_int_equal(strncmp(memory_sent(&t), "first: a=", 9), 0);
	session_end(t.base.session, 1000, SPAN(""), ENDED_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_handshake_goes_on_at_the_end_of_the_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_time_passes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_peer_that_leaves_after_the_value_came_gets_no_connect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_wrong_before_is_told_after, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_message_is_held_until_its_value_is_there, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
