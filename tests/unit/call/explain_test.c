/*
 * An explanation says what the code that serves would do: fields, providers and answer, to the
 * letter, without connect and without start. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "call/explain.h"
#include "call/explain_head.h"
#include "call/explain_report.h"
#include "call/explain_value.h"
#include "call/memory_transport.h"
#include "inject/member.h"

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct generation *generation;
	char folder[64];
};

/* Line 3 is the first route. */
static const char routes[] = "plugins: " TEST_PLUGINS "\n"
			     "routes:\n"
			     "  - {path: /page, file: routes.yaml}\n"
			     "  - path: /m/{how}\n"
			     "    plugin: moody\n"
			     "    inject:\n"
			     "      verdict: provider\n"
			     "      level: {from: query, alias: lvl, default: 7}\n"
			     "      note: {from: header, alias: X-Note}\n"
			     "providers:\n"
			     "  mood: {plugin: moody, inject: {level: {from: query, default: 5}}}\n"
			     "  verdict: {plugin: moody, inject: {mood: provider, loud: cookie}}\n";

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};
	struct config config;
	struct generation_input input = {.config = &config, .check_only = true};
	FILE *out;

	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	snprintf(bench->folder, sizeof(bench->folder), "/tmp/socklet-test-XXXXXX");
	assert_non_null(mkdtemp(bench->folder));
	assert_int_equal(chdir(bench->folder), 0);
	out = fopen("routes.yaml", "w");
	assert_non_null(out);
	fputs(routes, out);
	assert_int_equal(fclose(out), 0);
	config_load(&config, "routes.yaml", &why);
	input.images = host_images(bench->host);
	input.host = host_functions(bench->host);
	bench->generation = generation_build(&input, &why);
	for (size_t i = 0; i < why.count; i++)
		printf("complaint: line %u: %s\n", why.items[i].place.line, why.items[i].text);
	assert_non_null(bench->generation);
	err_list_fini(&why);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	generation_unref(bench->generation);
	host_free(bench->host);
	unlink("routes.yaml");
	rmdir(bench->folder);
	free(bench);
	return 0;
}

/* The report of a request with the headers that are not NULL; free it. */
static char *report(struct bench *bench, const char *url, const char *const headers[2], bool json,
	enum explain_outcome *outcome)
{
	size_t count = headers[0] == NULL ? 0 : headers[1] == NULL ? 1 : 2;
	const struct inject_provider *calling = NULL;
	struct explanation explanation;
	struct buf raw = {0}, out = {0};
	struct err why;

	assert_true(explain_head(&raw, url, NULL, headers, count, &why));
	explain_run(&explanation, bench->host, bench->generation, buf_span(&raw), &calling);
	*outcome = explanation.outcome;
	if (json)
		explain_report_json(&out, &explanation);
	else
		explain_report_text(&out, &explanation);
	explain_fini(&explanation);
	assert_null(calling);
	assert_int_equal(host_session_count(bench->host), 0);
	buf_fini(&raw);
	buf_append(&out, "", 1);
	return out.data;
}

#define ROUTE "/m/{how}  plugin moody (routes.yaml:4)\n"
#define NOTE  "        note: it ran without `start` of its plugin moody, whose state was all zero\n"
#define CALL(how)                                          \
	ROUTE "    calls mood with\n"                      \
	      "        how: str from path = \"" how "\"\n" \
	      "        level: int from query = 5, the default\n"
#define REST \
	"    verdict was not reached\n    the plugin's own fields were not reached\nrefused:\n\n"

static const struct {
	const char *url, *headers[2];
	enum explain_outcome outcome;
	const char *report;
} table[] = {
	{"/m/fine?ratio=0.1&level=0&level=2&lvl=-4", {"Cookie: loud=yes", "x-note: caf\xe9 \"1\""},
		EXPLAIN_REACHES,
		ROUTE "    calls mood with\n"
		      "        how: str from path = \"fine\"\n"
		      "        level: int from query = 2\n"
		      "        it gave 0\n" NOTE "    calls verdict with\n"
		      "        loud: bool? from cookie = true\n"
		      "        mood: int from provider = 0\n"
		      "        it gave \"0!\"\n" NOTE "    ratio: float from query = 0.1\n"
		      "    level: int from query lvl = -4\n"
		      "    note: str? from header X-Note = \"café \\\"1\\\"\"\n"
		      "    verdict: str from provider = \"0!\"\n"
		      "goes to connect of plugin moody, which decides\n"
		      "the answer has these headers so far:\nX-Mood: fine\n"},
	/* All that is right is shown beside all that is wrong. */
	{"ws://example.org/m/fine?level=x&lvl=9", {"Cookie: loud=perhaps"}, EXPLAIN_REFUSED,
		ROUTE "    would call mood with\n"
		      "        how: str from path = \"fine\"\n"
		      "        level: int from query is wrong: Input should be a valid integer, "
		      "unable to parse string as an integer (int_parsing), found \"x\"\n"
		      "        not called: its arguments are not complete\n"
		      "    would call verdict with\n"
		      "        loud: bool? from cookie is wrong: Input should be a valid boolean, "
		      "unable to interpret input (bool_parsing), found \"perhaps\"\n"
		      "        mood: int from provider has no value\n"
		      "        not called: its arguments are not complete\n"
		      "    ratio: float from query is wrong: Field required (missing)\n"
		      "    level: int from query lvl = 9\n"
		      "    note: str? from header X-Note is not set\n"
		      "    verdict: str from provider has no value\n"
		      "refused:\n\nHTTP/1.1 403 Forbidden\nContent-Type: application/json\n\n"
		      "{\"detail\":[{\"type\":\"int_parsing\",\"loc\":[\"query\",\"level\"],"
		      "\"msg\":\"Input should be a valid integer, unable to parse string as an "
		      "integer\",\"input\":\"x\"},{\"type\":\"bool_parsing\",\"loc\":[\"cookie\","
		      "\"loud\"],\"msg\":\"Input should be a valid boolean, unable to interpret "
		      "input\",\"input\":\"perhaps\"},{\"type\":\"missing\",\"loc\":[\"query\","
		      "\"ratio\"],\"msg\":\"Field required\",\"input\":null}]}\n"},
	{"/m/refuse", {NULL}, EXPLAIN_REFUSED,
		CALL("refuse") "        it answered the request itself\n" NOTE REST
			       "HTTP/1.1 401 Unauthorized\nContent-Type: application/json\n"
			       "X-Mood: refuse\n\n{\"detail\":\"not today\"}\n"},
	{"/m/close", {NULL}, EXPLAIN_REFUSED,
		CALL("close") "        it answered the request itself\n" NOTE REST
			      "HTTP/1.1 403 Forbidden\nContent-Type: application/json\n"
			      "X-Mood: close\n\n{\"detail\":\"Forbidden\"}\n"},
	{"/m/fail", {NULL}, EXPLAIN_REFUSED,
		CALL("fail") "        it returned -4\n" NOTE REST
			     "HTTP/1.1 500 Internal Server Error\nContent-Type: application/json\n"
			     "X-Mood: fail\n\n{\"detail\":\"Internal Server Error\"}\n"},
	{"/m/accept_then_close", {NULL}, EXPLAIN_REFUSED,
		CALL("accept_then_close") "        it answered the request itself\n" NOTE REST
					  "HTTP/1.1 101 Switching Protocols\n"
					  "X-Mood: accept_then_close\n"
					  "\nand a close frame: 4401 expired\n"},
	{"http://x/page?q#part", {NULL}, EXPLAIN_REFUSED,
		"/page  file routes.yaml (routes.yaml:3)\nrefused:\n\nHTTP/1.1 403 Forbidden\n"
		"Content-Type: application/json\n\n"
		"{\"detail\":\"This route serves no WebSocket\"}\n"},
	{"/m/a%2Fb", {NULL}, EXPLAIN_REFUSED,
		"no route has the path \"/m/a/b\"\nrefused:\n\nHTTP/1.1 404 Not Found\n"
		"Content-Type: application/json\n\n{\"detail\":\"Not Found\"}\n"},
	{"/m/fine", {"sec-websocket-version: 8"}, EXPLAIN_REFUSED,
		"refused:\n\nHTTP/1.1 426 Upgrade Required\nContent-Type: application/json\n"
		"Sec-WebSocket-Version: 13\n\n{\"detail\":\"invalid Sec-WebSocket-Version header: "
		"\\\"8\\\", wanted 13\"}\n"},
	{"/m/f\xc3\xbcr", {NULL}, EXPLAIN_REFUSED,
		"refused:\n\nHTTP/1.1 400 Bad Request\nContent-Type: application/json\n\n"},
	{"/m/fine", {"Connection: close"}, EXPLAIN_NO_WEBSOCKET,
		"no WebSocket request: its Upgrade or Connection header does not ask for one, and "
		"no plugin answers plain requests there\n"},
};

static void each_request_is_explained_to_the_letter(void **state)
{
	struct bench *bench = *state;
	enum explain_outcome outcome;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *found = report(bench, table[i].url, table[i].headers, false, &outcome);

		if (outcome != table[i].outcome)
			fail_msg("%s: outcome %d, wanted %d:\n%s", table[i].url, (int)outcome,
				(int)table[i].outcome, found);
		if (strncmp(found, table[i].report, strlen(table[i].report)) != 0)
			fail_msg("%s: found\n%s\nwanted\n%s", table[i].url, found, table[i].report);
		free(found);
	}
}

/* The rows that say how to print a value follow those that say how to store one. */
static void every_type_of_socklet_h_can_be_printed(void **state)
{
	unsigned printed = 0;

	(void)state;
	for (uint32_t type = 1; type < 2 * SL_TYPE_LIST; type++) {
		max_align_t value[16] = {0};
		struct json_t *json;

		if (member_type_find(type) == NULL)
			continue;
		json = explain_value_json(type, NULL, value);
		if (json == NULL)
			fail_msg("%s (type %u) has no row in explain_value.c",
				member_type_find(type)->c_name, (unsigned)type);
		json_decref(json);
		printed++;
	}
	assert_true(printed > 0);
}

static void numbers_are_printed_short_and_exact(void **state)
{
	static const struct {
		double number;
		const char *text;
	} numbers[] = {{0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {1e300, "1e+300"},
		{-0.0, "-0"}, {(double)INFINITY, "inf"}, {-(double)INFINITY, "-inf"},
		{(double)NAN, "nan"}, {123456789, "123456789"}};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf out = {0};

		explain_value_text(&out, SL_TYPE_DOUBLE, NULL, &numbers[i].number);
		buf_append(&out, "", 1);
		assert_string_equal(out.data, numbers[i].text);
		buf_fini(&out);
	}
}

static void times_and_names_are_printed_as_they_are_written(void **state)
{
	static const uint64_t most = UINT64_MAX;
	static const struct sl_uuid uuid = {{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4,
		0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}};
	static const struct sl_date date = {33, 2, 1};
	static const struct sl_time utc = {7, 8, 9, 0, 1, 0}, west = {23, 0, 0, 5, 1, -12600};
	static const struct sl_datetime local = {2026, 11, 22, 16, 20, 0, 0, 0, 0};
	static const struct sl_timedelta back = {-90000001}, least = {INT64_MIN};
	static const struct choice names[] = {{"red", 1}, {"deep blue", -2}};
	static const struct choices colors = {.items = names, .count = 2};
	static const int32_t blue = -2, nameless = 7, both[] = {1, -2};
	static const struct sl_list_enum enums = {both, 2}, none = {0};
	static const struct sl_str written[] = {{"a", 1}, {"\"b", 2}};
	static const struct sl_list_str strs = {written, 2};
	static const double halves[] = {0.5, 0.1};
	static const struct sl_opt_list_double numbers = {{halves, 2}, 1};
	static const struct {
		uint32_t type;
		const void *value;
		const char *text;
	} values[] = {
		{SL_TYPE_ENUM, &blue, "deep blue"},
		{SL_TYPE_ENUM, &nameless, "7"},
		{SL_TYPE_ENUM | SL_TYPE_LIST, &enums, "[red, deep blue]"},
		{SL_TYPE_ENUM | SL_TYPE_LIST, &none, "[]"},
		{SL_TYPE_STR | SL_TYPE_LIST, &strs, "[\"a\", \"\\\"b\"]"},
		{SL_TYPE_DOUBLE | SL_TYPE_LIST | SL_TYPE_OPTIONAL, &numbers, "[0.5, 0.1]"},
		{SL_TYPE_UINT, &most, "18446744073709551615"},
		{SL_TYPE_UUID, &uuid, "123e4567-e89b-12d3-a456-426614174000"},
		{SL_TYPE_DATE, &date, "0033-02-01"},
		{SL_TYPE_TIME, &utc, "07:08:09Z"},
		{SL_TYPE_TIME, &west, "23:00:00.000005-03:30"},
		{SL_TYPE_DATETIME, &local, "2026-11-22T16:20:00"},
		{SL_TYPE_TIMEDELTA, &back, "-90.000001 s"},
		{SL_TYPE_TIMEDELTA, &least, "-9223372036854.775808 s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf out = {0};

		explain_value_text(&out, values[i].type, &colors, values[i].value);
		buf_append(&out, "", 1);
		assert_string_equal(out.data, values[i].text);
		buf_fini(&out);
	}
}

static void a_wrong_command_line_is_no_request(void **state)
{
	static const struct {
		const char *url, *header;
	} wrong[] = {{"ws", NULL}, {"", NULL}, {"ftp://x/y", NULL}, {"ws://", NULL},
		{"ws:///x", NULL}, {"ws://#x/", NULL}, {"/a\r\nX: y", NULL}, {"/a", "X"},
		{"/a", "X: y\nZ: z"}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf out = {0};
		struct err why;

		if (explain_head(&out, wrong[i].url, NULL, &wrong[i].header,
			    wrong[i].header != NULL, &why))
			fail_msg("\"%s\" \"%s\" was taken", wrong[i].url, wrong[i].header);
		assert_int_equal(out.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_request_is_explained_to_the_letter, set_up, tear_down),
		cmocka_unit_test(every_type_of_socklet_h_can_be_printed),
		cmocka_unit_test(numbers_are_printed_short_and_exact),
		cmocka_unit_test(times_and_names_are_printed_as_they_are_written),
		cmocka_unit_test(a_wrong_command_line_is_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
