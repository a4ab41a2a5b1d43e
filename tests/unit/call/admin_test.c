/*
 * What other programs ask for is checked before it is done, what others answer is added up, and
 * who does not answer is not waited for. Over a transport in memory and a link that answers as
 * told. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/admin.h"
#include "call/generation.h"
#include "call/memory_transport.h"

enum { ANSWER_MS = 5000 };

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct memory_transport client;
	struct admin_link link;
	uint64_t asked_id; /* of the last question */
	struct buf log;    /* what went over the link */
	bool is_mute;      /* there is no link */
};

static struct bench *bench_of(struct admin_link *link)
{
	return (struct bench *)((uintptr_t)link - offsetof(struct bench, link));
}

static bool ask_others(struct admin_link *link, uint64_t id, struct span question)
{
	struct bench *bench = bench_of(link);

	bench->asked_id = id;
	buf_printf(&bench->log, "others %.*s\n", SPAN_ARG(question));
	return !bench->is_mute;
}

static bool ask_master(
	struct admin_link *link, uint64_t id, enum admin_to_master what, struct span body)
{
	static const char *const names[] = {[ADMIN_STATUS_JSON] = "status",
		[ADMIN_STATUS_METRICS] = "metrics",
		[ADMIN_PRESENT] = "present",
		[ADMIN_KEY_CLAIM] = "claim",
		[ADMIN_KEY_DONE] = "done",
		[ADMIN_KEY_RELEASE] = "release"};
	struct bench *bench = bench_of(link);

	(void)body;
	bench->asked_id = id;
	buf_printf(&bench->log, "%s\n", names[what]);
	return !bench->is_mute;
}

static int set_up(void **state)
{
	static const struct admin_link_ops ops = {ask_others, ask_master};
	static const char text[] =
		"admin: {listen: \"unix:/a\", body: 1KiB}\nroutes: [{path: /, file: " TEST_DATA
		"/value.txt}]\n";
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};
	struct config config;
	struct generation *next;

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	config_parse(&config, SPAN(text), "routes.yaml", &why);
	next = generation_build(
		&(struct generation_input){
			.config = &config,
			.images = host_images(bench->host),
			.host = host_functions(bench->host),
		},
		&why);
	for (size_t i = 0; i < why.count; i++)
		printf("complaint: %s\n", why.items[i].text);
	assert_non_null(next);
	host_swap(bench->host, next);
	bench->link.ops = &ops;
	admin_set_link(bench->host, &bench->link);
	memory_transport_init(&bench->client);
	bench->client.extra.is_admin = true;
	bench->client.address = "unix:pid=1,uid=0";
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	admin_forget(&bench->client.base);
	host_free(bench->host);
	memory_transport_fini(&bench->client);
	buf_fini(&bench->log);
	free(bench);
	return 0;
}

/* Both with a NUL behind them, and empty afterwards. */
static const char *taken(struct buf *buf)
{
	buf_append(buf, "", 1);
	buf->len = 0;
	return buf->data;
}

static void asks(struct bench *bench, const char *line, const char *headers, const char *body)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct buf text = {0};
	struct err why;

	bench->client.status = 0;
	bench->client.wants_bytes = 0;
	bench->client.body.len = bench->client.headers.len = 0;
	buf_printf(&text, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", line, headers);
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&text), &why), WIRE_DONE);
	host_request(bench->host, &bench->client.base, &head, buf_span(&text));
	buf_fini(&text);
	if (bench->client.wants_bytes > 0) {
		struct buf copy = {0};

		assert_int_equal(bench->client.wants_bytes, 1024);
		buf_append_span(&copy, span_of(body));
		admin_body(&bench->client.base, &copy);
	}
}

static const char *answered(struct bench *bench, unsigned status)
{
	assert_int_equal(bench->client.status, status);
	assert_null(bench->client.extra.admin);
	return bench->client.body.data;
}

/* Answered at once; what needs others is below. */
static const struct {
	const char *text, *line, *headers, *body;
	unsigned status;
	const char *answer;
} rows[] = {
	{"health", "GET /health", "", "", 200, "{\"status\":\"ok\"}"},
	{"publish", "POST /publish?topic=a", "Content-Length: 2\r\n", "hi", 200,
		"{\"topics\":1,\"duplicate\":false}"},
	{"nothing", "POST /publish?topic=a", "", "", 200, "{\"topics\":1,\"duplicate\":false}"},
	{"another method", "PUT /publish?topic=a", "", "", 405,
		"{\"detail\":\"Method Not Allowed\"}"},
	{"another path", "GET /", "", "", 404, "{\"detail\":\"Not Found\"}"},
	{"a path with a query in it", "GET /health%3Fx", "", "", 404, "{\"detail\":\"Not Found\"}"},
	{"a parameter too many", "GET /health?x=1", "", "", 422,
		"{\"detail\":\"unknown parameter \\\"x\\\"\"}"},
	{"one that is a part of another", "POST /publish?top=1", "", "", 422,
		"{\"detail\":\"unknown parameter \\\"top\\\"\"}"},
	{"announced too long", "POST /publish?topic=a", "Content-Length: 1025\r\n", "", 413,
		"{\"detail\":\"the body is longer than 1024 bytes\"}"},
	{"packed", "POST /publish?topic=a", "Content-Encoding: br\r\nContent-Length: 1\r\n", "",
		415, "{\"detail\":\"found Content-Encoding, wanted the message as it is\"}"},
	{"no UTF-8", "POST /publish?topic=a", "Content-Length: 1\r\n", "\xff", 422,
		"{\"detail\":\"the message is no UTF-8: publish it with type=binary\"}"},
	{"two keys", "POST /publish?topic=a", "Idempotency-Key: 1\r\nIdempotency-Key: 2\r\n", "",
		400, "{\"detail\":\"Idempotency-Key: wanted one of 1 to 255 bytes\"}"},
	{"a code that no peer may send", "POST /disconnect?id=1&code=1006", "", "", 422,
		"{\"detail\":\"code: found \\\"1006\\\", "
		"wanted 1000 to 1003, 1007 to 1014 or 3000 to 4999\"}"},
};

static void answers_at_once(void **state)
{
	struct bench *bench = *state;
	unsigned failures = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		asks(bench, rows[i].line, rows[i].headers, rows[i].body);
		if (bench->client.status == rows[i].status &&
			strcmp(bench->client.body.data, rows[i].answer) == 0)
			continue;
		print_error("%s: %s: found %u %s, wanted %u %s\n", rows[i].text, rows[i].line,
			bench->client.status, bench->client.body.data, rows[i].status,
			rows[i].answer);
		failures++;
	}
	assert_int_equal(failures, 0);
	assert_string_equal(taken(&bench->log), "");
}

static void adds_up_what_others_answer(void **state)
{
	struct bench *bench = *state;

	asks(bench, "GET /subscribers?topic=a", "", "");
	assert_string_equal(taken(&bench->log), "others {\"ask\":\"count\",\"topic\":\"a\"}\n");
	admin_asked(bench->host, bench->asked_id, 2);
	admin_answered(bench->host, bench->asked_id, SPAN("{\"count\":3}"));
	admin_answered(bench->host, bench->asked_id + 1, SPAN("{\"count\":100}"));
	assert_int_equal(bench->client.status, 0);
	admin_answered(bench->host, bench->asked_id, SPAN("{\"count\":4}"));
	assert_string_equal(answered(bench, 200),
		"{\"topic\":\"a\",\"subscribers\":7,\"workers\":{\"asked\":3,\"answered\":3}}");
	admin_answered(bench->host, bench->asked_id, SPAN("{\"count\":5}"));
}

static void does_not_wait_for_ever(void **state)
{
	struct bench *bench = *state;

	asks(bench, "GET /subscribers?topic=a", "", "");
	admin_asked(bench->host, bench->asked_id, 2);
	admin_answered(bench->host, bench->asked_id, SPAN("{\"count\":3}"));
	memory_loop_advance(&bench->loop, ANSWER_MS);
	assert_string_equal(answered(bench, 200),
		"{\"topic\":\"a\",\"subscribers\":3,\"workers\":{\"asked\":3,\"answered\":2}}");
	asks(bench, "GET /status", "", "");
	memory_loop_advance(&bench->loop, ANSWER_MS);
	assert_string_equal(
		answered(bench, 503), "{\"detail\":\"the master did not answer in time\"}");
	bench->is_mute = true;
	asks(bench, "GET /metrics", "", "");
	assert_string_equal(answered(bench, 503), "{\"detail\":\"the master cannot be asked\"}");
	asks(bench, "GET /members?topic=a", "", "");
	assert_string_equal(
		answered(bench, 503), "{\"detail\":\"the other workers cannot be asked\"}");
}

/* What the master says, or what happens instead; then what is said to it and answered. */
static void a_key_is_done_or_given_back(void **state)
{
	static const char line[] = "POST /publish?topic=a", key[] = "Idempotency-Key: k\r\n";
	struct bench *bench = *state;

	asks(bench, line, key, "");
	admin_answered(bench->host, bench->asked_id, SPAN("new"));
	assert_string_equal(answered(bench, 200), "{\"topics\":1,\"duplicate\":false}");
	assert_string_equal(taken(&bench->log), "claim\ndone\n");
	asks(bench, line, key, "");
	admin_answered(bench->host, bench->asked_id, SPAN("done"));
	assert_string_equal(answered(bench, 200), "{\"topics\":1,\"duplicate\":true}");
	assert_string_equal(taken(&bench->log), "claim\n");
	asks(bench, line, key, "");
	admin_answered(bench->host, bench->asked_id, SPAN("busy"));
	answered(bench, 409);
	assert_string_equal(taken(&bench->log), "claim\n");
	asks(bench, line, key, "");
	memory_loop_advance(&bench->loop, ANSWER_MS);
	answered(bench, 503);
	assert_string_equal(taken(&bench->log), "claim\nrelease\n");
	asks(bench, line, key, "");
	admin_forget(&bench->client.base);
	assert_string_equal(taken(&bench->log), "claim\nrelease\n");
}

/* Its listener wanted a token, and is gone. */
static void nobody_gets_in_by_a_reload(void **state)
{
	struct bench *bench = *state;

	bench->client.address = "192.0.2.1:4711";
	asks(bench, "GET /status", "", "");
	assert_string_equal(answered(bench, 401), "{\"detail\":\"Not authenticated\"}");
	assert_string_equal(taken(&bench->log), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(adds_up_what_others_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_not_wait_for_ever, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_gets_in_by_a_reload, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_is_done_or_given_back, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
