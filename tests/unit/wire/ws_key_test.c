/*
 * An opening handshake is checked as RFC 6455 section 4.2 wants, each fault with its own words and
 * status. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/ws_key.h"

#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct http_head decode(const char *line, const char *headers)
{
	static char bytes[2048];
	struct http_progress progress = {0};
	struct http_head head;
	struct err why;

	snprintf(bytes, sizeof(bytes),
		"%s\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n%s\r\n", line,
		headers);
	assert_int_equal(http_head_decode(&head, &progress, span_of(bytes), &why), WIRE_DONE);
	assert_true(head.is_upgrade);
	return head;
}

static void every_fault_is_named(void **state)
{
	static const char get[] = "GET / HTTP/1.1";
	static const struct {
		const char *line, *headers, *wanted;
	} rows[] = {
		{get, KEY VERSION, "200 "},
		{get, "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" VERSION, "200 "},
		{get, "Sec-WebSocket-Key: +/+/+/+/+/+/+/+/+/+/+w==\r\n" VERSION, "200 "},
		{"POST / HTTP/1.1", KEY VERSION, "405 upgrade with method \"POST\", wanted GET"},
		{"get / HTTP/1.1", KEY VERSION, "405 upgrade with method \"get\", wanted GET"},
		{"GET / HTTP/1.0", KEY VERSION, "400 upgrade in HTTP/1.0, wanted HTTP/1.1"},
		{get, KEY, "426 missing Sec-WebSocket-Version header"},
		{get, "", "426 missing Sec-WebSocket-Version header"},
		{get, KEY "Sec-WebSocket-Version: 8\r\n",
			"426 invalid Sec-WebSocket-Version header: \"8\", wanted 13"},
		{get, KEY "Sec-WebSocket-Version: 13, 8\r\n",
			"426 invalid Sec-WebSocket-Version header: \"13, 8\", wanted 13"},
		{get, KEY "Sec-WebSocket-Version:\r\n",
			"426 invalid Sec-WebSocket-Version header: \"\", wanted 13"},
		{get, KEY VERSION VERSION, "400 more than one Sec-WebSocket-Version header"},
		{get, VERSION, "400 missing Sec-WebSocket-Key header"},
		{get, KEY KEY VERSION, "400 more than one Sec-WebSocket-Key header"},
#define BAD_KEY(key, size)                                                    \
	{get, "Sec-WebSocket-Key: " key "\r\n" VERSION,                       \
		"400 invalid Sec-WebSocket-Key header: \"" key "\" has " size \
		" bytes, wanted 24 of base64, ending with \"==\""}
		BAD_KEY("", "0"),
		BAD_KEY("short", "5"),
		BAD_KEY("dGhlIHNhbXBsZSBub25jZQ=", "23"),
		BAD_KEY("dGhlIHNhbXBsZSBub25jZTE=", "24"),
		BAD_KEY("dGhlIHNhbXBsZSBub25jZTEy", "24"),
		BAD_KEY("dGhlIHNhbXBsZSBub25jZQ====", "26"),
		BAD_KEY("dGhlIHNhbXBsZSBub25j=Q==", "24"),
		BAD_KEY("dGhlIHNh XBsZSBub25jZQ==", "24"),
		BAD_KEY("dGhlIHNhbXBsZSBub25j-_==", "24"),
		BAD_KEY("dGhlIHNhbXBsZSBub25jZ!==", "24"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_head head = decode(rows[i].line, rows[i].headers);
		struct err why = {0};
		char found[400];

		if (ws_handshake_check(&head, &why) != (why.code == ERR_NONE))
			fail_msg("row %zu: result and code differ", i);
		snprintf(found, sizeof(found), "%u %s", err_http_status(why.code), why.text);
		assert_string_equal(found, rows[i].wanted);
	}
}

static void the_answers_key_is_that_of_the_rfc(void **state)
{
	struct evp_md_ctx_st *sha1 = ws_accept_new();
	char out[WS_ACCEPT_SIZE];

	(void)state;
	for (int i = 0; i < 2; i++) {
		ws_accept_key(sha1, SPAN("AAAAAAAAAAAAAAAAAAAAAA=="), out);
		assert_string_equal(out, "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
		ws_accept_key(sha1, SPAN("dGhlIHNhbXBsZSBub25jZQ=="), out);
		assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	}
	ws_accept_free(sha1);
}

static void subprotocols_are_listed_over_all_lines(void **state)
{
	static const char *const wanted[] = {"chat", "super chat", "v2"};
	struct http_head head = decode("GET / HTTP/1.1",
		"Sec-WebSocket-Protocol: chat , ,super chat\r\nSec-WebSocket-Protocol:\r\n"
		"sec-websocket-protocol: v2\r\n");

	struct ws_offers offers = {.head = &head};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct span found = ws_offers_next(&offers);

		if (!span_equal(found, span_of(wanted[i])))
			fail_msg("%zu: %.*s, wanted %s", i, SPAN_ARG(found), wanted[i]);
	}
	assert_null(ws_offers_next(&offers).ptr);
	assert_null(ws_offers_next(&offers).ptr);
	head = decode("GET / HTTP/1.1", "");
	offers = (struct ws_offers){.head = &head};
	assert_null(ws_offers_next(&offers).ptr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_is_named),
		cmocka_unit_test(the_answers_key_is_that_of_the_rfc),
		cmocka_unit_test(subprotocols_are_listed_over_all_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
