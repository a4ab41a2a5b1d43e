/*
 * A request becomes an answer, and a connection's whole life runs, without a socket: over a
 * transport in memory, with the real plugins. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call/generation.h"
#include "call/memory_transport.h"

#define WEBSOCKET                                                     \
	"Host: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

struct bench {
	struct memory_loop loop;
	struct host *host;
	char folder[64], file[96];
};

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* Loads `routes` (the lines below "routes:") and makes it serve. */
static bool serve(struct bench *bench, const char *routes)
{
	struct err_list why = {0};
	struct config config;
	struct generation_input input = {
		.config = &config,
		.images = host_images(bench->host),
		.host = host_functions(bench->host),
		.previous = host_generation(bench->host),
	};
	struct generation *next;
	struct buf text = {0};

	buf_printf(&text, "plugins: %s\n%s", SOCKLET_PLUGINS, routes);
	buf_append(&text, "", 1);
	write_file(bench->file, text.data);
	buf_fini(&text);
	config_load(&config, bench->file, &why);
	next = generation_build(&input, &why);
	for (size_t i = 0; i < why.count; i++)
		printf("complaint: line %u: %s\n", why.items[i].place.line, why.items[i].text);
	if (next != NULL)
		host_swap(bench->host, next);
	err_list_fini(&why);
	return next != NULL;
}

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	snprintf(bench->folder, sizeof(bench->folder), "/tmp/socklet-test-XXXXXX");
	assert_non_null(mkdtemp(bench->folder));
	snprintf(bench->file, sizeof(bench->file), "%s/routes.yaml", bench->folder);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	char page[96];

	host_stop(bench->host, 0);
	host_free(bench->host);
	snprintf(page, sizeof(page), "%s/page.html", bench->folder);
	unlink(page);
	unlink(bench->file);
	rmdir(bench->folder);
	free(bench);
	return 0;
}

/* `request` is a request line and further lines; the blank line is added. */
static void ask(struct bench *bench, struct memory_transport *t, const char *request)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct buf raw = {0};
	struct err why;

	memory_transport_init(t);
	buf_printf(&raw, "%s\r\n", request);
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&raw), &why), WIRE_DONE);
	host_request(bench->host, &t->base, &head, buf_span(&raw));
	/* What is needed longer was copied: the bytes are gone now, as in a receive buffer. */
	buf_fini(&raw);
	host_turn_end(bench->host);
}

static void say(struct bench *bench, struct memory_transport *t, const char *text)
{
	session_message(t->base.session, WS_TEXT, span_of(text));
	host_turn_end(bench->host);
}

static const char three_programs[] =
	"routes:\n"
	"  - {path: /page, file: page.html}\n"
	"  - {path: /ws, plugin: echo}\n"
	"  - {path: '/items/{item_id}/ws', plugin: items, inject: {cookie_or_token: provider}}\n"
	"  - {path: '/chat/{client_id}', plugin: chat}\n"
	"providers:\n"
	"  cookie_or_token: {plugin: items, inject: {session: cookie, token: query}}\n";

static void serve_three(struct bench *bench)
{
	char page[96];

	snprintf(page, sizeof(page), "%s/page.html", bench->folder);
	write_file(page, "<h1>hello</h1>");
	assert_true(serve(bench, three_programs));
}

static void answers_each_kind_of_request(void **state)
{
	static const struct {
		const char *request;
		unsigned status;
		const char *header, *body;
	} table[] = {
		{"GET /page HTTP/1.1\r\nHost: x\r\n", 200, "Content-Type: text/html; charset=utf-8",
			"<h1>hello</h1>"},
		{"POST /page HTTP/1.1\r\nHost: x\r\n", 405, "Allow: GET, HEAD",
			"{\"detail\":\"Method Not Allowed\"}"},
		{"GET /nope HTTP/1.1\r\nHost: x\r\n", 404, "application/json",
			"{\"detail\":\"Not Found\"}"},
		{"GET /ws HTTP/1.1\r\nHost: x\r\n", 426, "Upgrade: websocket", "{\"detail\":"},
		{"POST /ws HTTP/1.1\r\nHost: x\r\n", 405, "Allow: GET\r\n", "{\"detail\":"},
		{"GET /nope HTTP/1.1\r\n" WEBSOCKET, 404, "", "{\"detail\":\"Not Found\"}"},
		{"GET /page HTTP/1.1\r\n" WEBSOCKET, 403, "", "serves no WebSocket"},
		{"GET /ws/ HTTP/1.1\r\n" WEBSOCKET, 404, "", "{\"detail\":\"Not Found\"}"},
		{"GET /items/a%2Fb/ws?token=t HTTP/1.1\r\n" WEBSOCKET, 404, "", "Not Found"},
		{"GET /items/1/ws HTTP/1.1\r\n" WEBSOCKET, 403, "",
			"{\"detail\":\"a session cookie"},
		{"GET /items/1/ws?token=t&q=abc HTTP/1.1\r\n" WEBSOCKET, 403, "",
			"{\"detail\":[{\"type\":\"int_parsing\",\"loc\":[\"query\",\"q\"],\"msg\":"
			"\"Input should be a valid integer, unable to parse string as an integer\","
			"\"input\":\"abc\"}]}"},
		{"GET /chat/x HTTP/1.1\r\n" WEBSOCKET, 403, "",
			"{\"detail\":[{\"type\":\"int_parsing\",\"loc\":[\"path\",\"client_id\"]"},
		{"GET /ws HTTP/1.1\r\nContent-Length: 2\r\n" WEBSOCKET, 400, "",
			"{\"detail\":\"WebSocket handshake with a body\"}"},
		{"GET /ws HTTP/1.1\r\n" WEBSOCKET, 101, "", ""},
	};
	struct bench *bench = *state;
	struct memory_transport t;

	serve_three(bench);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ask(bench, &t, table[i].request);
		if (t.status != table[i].status)
			fail_msg("%s: found %u, wanted %u", table[i].request, t.status,
				table[i].status);
		if (strstr(t.headers.data, table[i].header) == NULL)
			fail_msg("%s: no \"%s\" in %s", table[i].request, table[i].header,
				t.headers.data);
		if (t.status != 101 && strstr(t.body.data, table[i].body) == NULL)
			fail_msg("%s: no \"%s\" in %s", table[i].request, table[i].body,
				t.body.data);
		if (t.base.session != NULL)
			session_end(t.base.session, 1006, SPAN(""), SL_BY_PEER);
		host_turn_end(bench->host);
		assert_int_equal(host_session_count(bench->host), 0);
		memory_transport_fini(&t);
	}
}

static void injects_and_answers(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	serve_three(bench);
	ask(bench, &t,
		"GET /items/a%20b/ws?token=tok&q=+7 HTTP/1.1\r\nCookie: session=\r\n" WEBSOCKET);
	assert_int_equal(t.status, 101);
	say(bench, &t, "hi");
	assert_string_equal(memory_sent(&t),
		"Session cookie or query token value is: tok|Query parameter q is: 7|"
		"Message text was: hi, for item ID: a b|");
	session_end(t.base.session, 1000, SPAN(""), SL_BY_PEER);
	assert_null(t.base.session);
	host_turn_end(bench->host);
	memory_transport_fini(&t);
}

static void everybody_hears_who_left(void **state)
{
	struct bench *bench = *state;
	struct memory_transport a, b;

	serve_three(bench);
	ask(bench, &a, "GET /chat/1 HTTP/1.1\r\n" WEBSOCKET);
	ask(bench, &b, "GET /chat/2 HTTP/1.1\r\n" WEBSOCKET);
	say(bench, &a, "hi");
	assert_string_equal(memory_sent(&a), "You wrote: hi|Client #1 says: hi|");
	assert_string_equal(memory_sent(&b), "Client #1 says: hi|");
	/* Binary to a plugin that takes text: 1003, and a leave message all the same. */
	session_message(b.base.session, WS_BINARY, SPAN("x"));
	assert_int_equal(b.close_code, 1003);
	assert_string_equal(memory_sent(&a), "");
	assert_true(bench->loop.wants_turn_end);
	host_turn_end(bench->host);
	assert_string_equal(memory_sent(&a), "Client #2 left the chat|");
	session_end(a.base.session, 1006, SPAN(""), SL_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&a);
	memory_transport_fini(&b);
}

static void a_slow_member_is_closed_and_delays_nobody(void **state)
{
	struct bench *bench = *state;
	struct memory_transport fast, slow;

	serve_three(bench);
	ask(bench, &fast, "GET /chat/1 HTTP/1.1\r\n" WEBSOCKET);
	ask(bench, &slow, "GET /chat/2 HTTP/1.1\r\n" WEBSOCKET);
	slow.queued = slow.queue_max;
	say(bench, &fast, "hi");
	assert_int_equal(slow.close_code, 1013);
	assert_string_equal(
		memory_sent(&fast), "You wrote: hi|Client #1 says: hi|Client #2 left the chat|");
	session_end(fast.base.session, 1006, SPAN(""), SL_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&fast);
	memory_transport_fini(&slow);
}

static void a_reload_keeps_state_and_connections(void **state)
{
	struct bench *bench = *state;
	struct memory_transport before, after, removed;

	serve_three(bench);
	ask(bench, &before, "GET /chat/1 HTTP/1.1\r\n" WEBSOCKET);
	assert_true(serve(bench, "routes:\n  - {path: '/chat/{client_id}', plugin: chat}\n"));
	ask(bench, &after, "GET /chat/2 HTTP/1.1\r\n" WEBSOCKET);
	say(bench, &after, "hi");
	assert_string_equal(memory_sent(&before), "Client #2 says: hi|");
	ask(bench, &removed, "GET /ws HTTP/1.1\r\n" WEBSOCKET);
	assert_int_equal(removed.status, 404);
	session_end(before.base.session, 1000, SPAN(""), SL_BY_PEER);
	host_turn_end(bench->host);
	assert_string_equal(
		memory_sent(&after), "You wrote: hi|Client #2 says: hi|Client #1 left the chat|");
	session_end(after.base.session, 1000, SPAN(""), SL_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&before);
	memory_transport_fini(&after);
	memory_transport_fini(&removed);
}

static void a_wrong_file_changes_nothing(void **state)
{
	struct bench *bench = *state;
	struct memory_transport t;

	serve_three(bench);
	assert_false(
		serve(bench, "routes:\n  - {path: /ws, plugin: eco}\n"
			     "  - {path: '/c/{id}', plugin: chat, inject: {client_id: path}}\n"));
	ask(bench, &t, "GET /ws HTTP/1.1\r\n" WEBSOCKET);
	say(bench, &t, "still here");
	assert_string_equal(memory_sent(&t), "Message text was: still here|");
	session_end(t.base.session, 1000, SPAN(""), SL_BY_PEER);
	host_turn_end(bench->host);
	memory_transport_fini(&t);
}

static void stopping_tells_everybody(void **state)
{
	struct bench *bench = *state;
	struct memory_transport a, b;

	serve_three(bench);
	ask(bench, &a, "GET /chat/1 HTTP/1.1\r\n" WEBSOCKET);
	ask(bench, &b, "GET /ws HTTP/1.1\r\n" WEBSOCKET);
	host_stop(bench->host, 0);
	assert_int_equal(a.close_code, 1012);
	assert_int_equal(b.close_code, 1012);
	host_turn_end(bench->host);
	assert_int_equal(host_session_count(bench->host), 0);
	memory_transport_fini(&a);
	memory_transport_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(answers_each_kind_of_request),
		TEST(injects_and_answers),
		TEST(everybody_hears_who_left),
		TEST(a_slow_member_is_closed_and_delays_nobody),
		TEST(a_reload_keeps_state_and_connections),
		TEST(a_wrong_file_changes_nothing),
		TEST(stopping_tells_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
