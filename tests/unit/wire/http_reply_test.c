/*
 * The head of an answer has its lines in order, a length where a body may be, and one Date a
 * second. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/http_reply.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static const struct {
	struct http_reply reply;
	const char *expected;
} replies[] = {
	{{200, DATE, "text/html", {NULL, 0}, 5, NULL, NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 200 OK\r\nDate: " DATE
		"\r\nServer: socklet\r\nContent-Type: text/html\r\n"
		"Content-Length: 5\r\n\r\n"},
	{{404, DATE, NULL, {NULL, 0}, 0, "close", NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 404 Not Found\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Content-Length: 0\r\nConnection: close\r\n\r\n"},
	{{304, DATE, NULL, {"ETag: \"a\"\r\n", 11}, 77, NULL, NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 304 Not Modified\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"ETag: \"a\"\r\n\r\n"},
	{{204, DATE, NULL, {NULL, 0}, 0, "keep-alive", NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 204 No Content\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Connection: keep-alive\r\n\r\n"},
	{{200, DATE, NULL, {NULL, 0}, 18446744073709551615U, NULL, NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 200 OK\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Content-Length: 18446744073709551615\r\n\r\n"},
	{{200, DATE, NULL, {NULL, 0}, 0, NULL, NULL, HTTP_BY_CHUNKS},
		"HTTP/1.1 200 OK\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Transfer-Encoding: chunked\r\n\r\n"},
	{{204, DATE, NULL, {NULL, 0}, 0, NULL, NULL, HTTP_BY_CHUNKS},
		"HTTP/1.1 204 No Content\r\nDate: " DATE "\r\nServer: socklet\r\n\r\n"},
	{{200, DATE, NULL, {NULL, 0}, 0, "close", NULL, HTTP_BY_CLOSING},
		"HTTP/1.1 200 OK\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Connection: close\r\n\r\n"},
	{{499, DATE, NULL, {NULL, 0}, 1, NULL, NULL, HTTP_BY_LENGTH},
		"HTTP/1.1 499 Unknown\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Content-Length: 1\r\n\r\n"},
};

/* What is said of all answers, with some that the answer says itself. */
static const struct http_style styles[] = {
	{"other/1", true, {"A: 1\r\nx-b: 2\r\nC: 3\r\n", 20}},
	{NULL, false, {NULL, 0}},
};
static const struct http_reply styled[] = {
	{200, DATE, NULL, {"X-B: own\r\n", 10}, 0, NULL, &styles[0], HTTP_BY_LENGTH},
	{200, DATE, NULL, {NULL, 0}, 0, NULL, &styles[1], HTTP_BY_LENGTH},
};
static const char *const styled_texts[] = {
	"HTTP/1.1 200 OK\r\nDate: " DATE "\r\nServer: other/1\r\nContent-Length: 0\r\n"
	"X-B: own\r\nA: 1\r\nC: 3\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
};

static void assert_text(struct buf *got, const char *expected)
{
	buf_append(got, "", 1);
	assert_string_equal(got->data, expected);
	buf_fini(got);
}

static void replies_are_written_line_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct buf out = {0};

		http_reply_encode(&out, &replies[i].reply);
		assert_text(&out, replies[i].expected);
	}
}

static void style_is_kept_where_the_answer_says_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(styled) / sizeof(styled[0]); i++) {
		struct buf out = {0};

		http_reply_encode(&out, &styled[i]);
		assert_text(&out, styled_texts[i]);
	}
}

static void upgrade_carries_accept_subprotocol_and_headers(void **state)
{
	struct http_upgrade upgrade = {
		DATE, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat", SPAN("Set-Cookie: a=b\r\n"), NULL};
	struct buf out = {0};

	(void)state;
	http_upgrade_encode(&out, &upgrade);
	assert_text(&out,
		"HTTP/1.1 101 Switching Protocols\r\nDate: " DATE "\r\nServer: socklet\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		"Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\n\r\n");
}

static const struct {
	time_t now;
	const char *expected;
} dates[] = {
	{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
	{784111777, DATE},
	{784111778, "Sun, 06 Nov 1994 08:49:38 GMT"},
	{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
	{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void dates_are_those_of_rfc_9110(void **state)
{
	struct http_date date = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		assert_string_equal(http_date_text(&date, dates[i].now), dates[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_written_line_by_line),
		cmocka_unit_test(style_is_kept_where_the_answer_says_nothing_else),
		cmocka_unit_test(upgrade_carries_accept_subprotocol_and_headers),
		cmocka_unit_test(dates_are_those_of_rfc_9110),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
