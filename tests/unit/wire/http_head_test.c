/*
 * A request head is taken or refused by the rules of RFC 9112, with the right status, however it
 * is cut, and refused as early as it can be. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <inttypes.h>

#include "base/xalloc.h"
#include "wire/http_head.h"

struct text {
	char bytes[512];
};

static struct text describe(enum wire result, const struct http_head *head, const struct err *why)
{
	struct text out;
	size_t size = sizeof(out.bytes);
	int len;

	if (result == WIRE_MORE)
		return (struct text){"more"};
	if (result == WIRE_BAD) {
		snprintf(out.bytes, size, "%u %s", err_http_status(why->code), why->text);
		return out;
	}
	len = snprintf(out.bytes, size, "%.*s %.*s%s%.*s %u%s%s%s%s", SPAN_ARG(head->method),
		SPAN_ARG(head->path), head->query.ptr == NULL ? "" : "?", SPAN_ARG(head->query),
		head->minor, head->keep_alive ? " keep" : "", head->is_upgrade ? " upgrade" : "",
		head->is_chunked ? " chunked" : "", head->expects_continue ? " continue" : "");
	if (head->content_length > 0)
		snprintf(out.bytes + len, size - (size_t)len, " body=%" PRIu64,
			head->content_length);
	assert_true(head->has_body == (head->is_chunked || head->content_length > 0));
	return out;
}

/* A copy of exactly the size, so that a sanitizer sees a byte read too far. */
static enum wire decode_copy(struct http_head *head, struct http_progress *progress,
	struct span input, char **copy, struct err *why)
{
	free(*copy);
	*copy = xmalloc(input.len + 1);
	memcpy(*copy, input.ptr, input.len);
	*copy = xrealloc(*copy, input.len == 0 ? 1 : input.len);
	/* Stale members of an earlier call must not show. */
	memset(head, 0xee, sizeof(*head));
	return http_head_decode(head, progress, (struct span){*copy, input.len}, why);
}

static struct text decode_in_parts(struct span input, size_t step)
{
	static struct http_head head;
	struct http_progress progress = {0};
	struct err why = {0};
	enum wire result = WIRE_MORE;
	struct text out;
	char *copy = NULL;

	for (size_t len = 0; result == WIRE_MORE && len < input.len;) {
		len = input.len - len < step ? input.len : len + step;
		result = decode_copy(&head, &progress, (struct span){input.ptr, len}, &copy, &why);
		if (result == WIRE_DONE && len >= step)
			assert_true(head.length <= len && head.length > len - step);
	}
	out = describe(result, &head, &why);
	free(copy);
	return out;
}

static struct span expand_input(char *column, char *out)
{
	struct span rest = table_unescape(column);
	struct span before = {NULL, 0}, behind = {NULL, 0};
	size_t len = 0;

	if (rest.len > 0 && rest.ptr[0] == '+') {
		before = SPAN("GET / HTTP/1.1\r\nHost: a\r\n");
		behind = SPAN("\r\n\r\n");
	} else if (rest.len > 0 && rest.ptr[0] == '=') {
		behind = SPAN("\r\nHost: a\r\n\r\n");
	}
	if (behind.len > 0)
		rest = span_from(rest, 1);
	for (size_t i = 0; i < 3; i++) {
		struct span piece = i == 0 ? before : i == 1 ? rest : behind;

		if (piece.len > 0)
			memcpy(out + len, piece.ptr, piece.len);
		len += piece.len;
	}
	return (struct span){out, len};
}

static void every_row_however_it_is_cut(void **state)
{
	static const size_t steps[] = {SIZE_MAX / 2, 1, 2, 3, 7, 16, 61};
	static struct table table;
	static char bytes[20000], shown[2000];
	char *columns[2];

	(void)state;
	table_open(&table, "http_head.txt");
	while (table_next(&table, columns, 2)) {
		struct span input = expand_input(columns[0], bytes);

		table_escape(shown, sizeof(shown), input);
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			table_expect(
				&table, shown, decode_in_parts(input, steps[i]).bytes, columns[1]);
	}
	table_close(&table);
}

/* No further byte may be waited for: the peer may be waiting for us. */
static void what_is_not_http_is_refused_at_once(void **state)
{
	const struct {
		struct span input;
		const char *wanted;
	} rows[] = {
		{SPAN("\x16\x03\x01\x02"), "400 not HTTP: looks like TLS on a plain port"},
		{SPAN("\x16"), "400 not HTTP: looks like TLS on a plain port"},
		{SPAN("\x80\x2e\x01"), "400 byte \\x80 in the request line"},
		{SPAN("\0"), "400 byte \\x00 in the request line"},
		{SPAN("GET /\xff"), "400 byte \\xff in the request line"},
		{SPAN("GET /\n"), "400 line ends with LF alone, wanted CR LF"},
		{SPAN("GET / HTTP/1.1\r\nA: \x01"), "400 byte \\x01 in a header line"},
		{SPAN("{\"json"), "400 method is not a token: \"{\"json\""},
		{SPAN(" GET"), "400 method is not a token: \"\""},
		{SPAN("SSH-2.0-OpenSSH_9.2\r\n"),
			"400 request line without a target behind the method: "
			"\"SSH-2.0-OpenSSH_9.2\""},
		{SPAN("EHLO there\r\n"), "400 request line does not end with HTTP/1.1: \"\""},
		{SPAN("PRI * HTTP/2.0\r\n"), "505 HTTP/2.0 is not spoken here, use HTTP/1.1"},
		{SPAN("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "501 method longer than 32 bytes"},
		{SPAN("GET / HTTP/3.0\r\n"), "505 HTTP/3.0 is not spoken here, use HTTP/1.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			decode_in_parts(rows[i].input, rows[i].input.len).bytes, rows[i].wanted);
}

static void what_may_go_on_is_waited_for(void **state)
{
	static const char *const rows[] = {"G", "GET", "GET ", "GET /", "GET / HTTP/9", "\r",
		"\r\n", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost",
		"GET / HTTP/1.1\r\nHost: a\r\n\r", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct http_progress progress = {0};
	static struct http_head head;
	struct err why;

	(void)state;
	assert_int_equal(
		http_head_decode(&head, &progress, (struct span){NULL, 0}, &why), WIRE_MORE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			decode_in_parts(span_of(rows[i]), strlen(rows[i])).bytes, "more");
}

static struct span repeat(char *out, const char *before, char c, size_t count, const char *behind)
{
	size_t len = strlen(before);

	memcpy(out, before, len);
	memset(out + len, c, count);
	memcpy(out + len + count, behind, strlen(behind));
	return (struct span){out, len + count + strlen(behind)};
}

/* They are looked at in eights: none may hide among its neighbours, or make one look bad. */
static void each_byte_counts_wherever_it_stands(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool is_fine = byte == '\t' || (byte >= 0x20 && byte != 0x7f);

		for (size_t at = 0; at < 17; at++) {
			char head_bytes[] =
				"GET / HTTP/1.1\r\nHost: a\r\na: a~ ~ ~ ~ ~ ~ ~ ~ ~a\r\n\r\n";
			struct http_progress progress = {0};
			struct http_head head;
			struct err why;

			strchr(head_bytes, '~')[at] = (char)byte;
			assert_int_equal(
				http_head_decode(&head, &progress,
					(struct span){head_bytes, sizeof(head_bytes) - 1}, &why),
				is_fine ? WIRE_DONE : WIRE_BAD);
		}
	}
}

static void limits_are_exact_and_early(void **state)
{
	static char bytes[2 * HTTP_HEAD_MAX];
	static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
	size_t fill = HTTP_HEAD_MAX - strlen(start) - 4;
	struct span input;

	(void)state;
	input = repeat(bytes, "GET /", 'a', HTTP_TARGET_MAX - 1, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_memory_equal(decode_in_parts(input, 1).bytes, "GET /aaa", 8);
	input = repeat(bytes, "GET /", 'a', HTTP_TARGET_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_memory_equal(decode_in_parts(input, input.len).bytes, "414 ", 4);
	input = repeat(bytes, "GET /", 'a', HTTP_TARGET_MAX + 16, "");
	assert_memory_equal(decode_in_parts(input, 1000).bytes, "414 ", 4);
	input = repeat(bytes, start, 'a', fill, "\r\n\r\n");
	assert_string_equal(decode_in_parts(input, 999).bytes, "GET / 1 keep");
	input = repeat(bytes, start, 'a', fill + 1, "\r\n\r\n");
	assert_memory_equal(decode_in_parts(input, input.len).bytes, "431 ", 4);
	input = repeat(bytes, start, 'a', fill + 4, "");
	assert_memory_equal(decode_in_parts(input, 999).bytes, "431 ", 4);
}

static void header_lines_are_counted(void **state)
{
	static char bytes[4096];
	size_t len = (size_t)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nHost: a\r\n");

	(void)state;
	for (int i = 0; i < HTTP_HEADERS_MAX - 1; i++)
		len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "X%d: y\r\n", i);
	memcpy(bytes + len, "\r\n", 3);
	assert_string_equal(
		decode_in_parts((struct span){bytes, len + 2}, 100).bytes, "GET / 1 keep");
	memcpy(bytes + len, "Y: z\r\n", 7);
	assert_string_equal(decode_in_parts((struct span){bytes, len + 6}, 100).bytes,
		"431 more than 100 header lines");
}

static void what_follows_the_head_is_left(void **state)
{
	static const char bytes[] = "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b\x01";
	struct http_progress progress = {0};
	struct http_head head;
	struct err why;

	(void)state;
	assert_int_equal(http_head_decode(&head, &progress, SPAN(bytes), &why), WIRE_DONE);
	assert_int_equal(head.length, sizeof(bytes) - sizeof("GET /b\x01"));
}

static void headers_are_found_by_name_and_number(void **state)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct err why;
	struct span value;

	(void)state;
	assert_int_equal(http_head_decode(&head, &progress,
				 SPAN("GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one:  2 \r\n"
				      "X-Empty:\r\nList: a, B ,c\r\nLIST: d\r\n\r\n"),
				 &why),
		WIRE_DONE);
	assert_int_equal(head.header_count, 6);
	assert_true(span_equal(http_header_get(&head, SPAN("X-ONE"), 0), SPAN("1")));
	assert_true(span_equal(http_header_get(&head, SPAN("X-ONE"), 1), SPAN("2")));
	assert_null(http_header_get(&head, SPAN("X-One"), 2).ptr);
	assert_null(http_header_get(&head, SPAN("X-On"), 0).ptr);
	value = http_header_get(&head, SPAN("x-empty"), 0);
	assert_true(value.ptr != NULL && value.len == 0);
	assert_true(http_header_has_token(&head, SPAN("list"), SPAN("b")));
	assert_true(http_header_has_token(&head, SPAN("list"), SPAN("D")));
	assert_false(http_header_has_token(&head, SPAN("list"), SPAN("a, B")));
	assert_false(http_header_has_token(&head, SPAN("none"), SPAN("a")));
}

static void phrases_and_tokens(void **state)
{
	(void)state;
	assert_string_equal(http_status_phrase(404), "Not Found");
	assert_string_equal(http_status_phrase(101), "Switching Protocols");
	assert_string_equal(http_status_phrase(799), "Unknown");
	assert_true(http_is_token(SPAN("x-1!~")));
	assert_false(http_is_token(SPAN("")));
	assert_false(http_is_token(SPAN("a b")));
	assert_false(http_is_token(SPAN("a\x80")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_however_it_is_cut),
		cmocka_unit_test(what_is_not_http_is_refused_at_once),
		cmocka_unit_test(what_may_go_on_is_waited_for),
		cmocka_unit_test(each_byte_counts_wherever_it_stands),
		cmocka_unit_test(limits_are_exact_and_early),
		cmocka_unit_test(header_lines_are_counted),
		cmocka_unit_test(what_follows_the_head_is_left),
		cmocka_unit_test(headers_are_found_by_name_and_number),
		cmocka_unit_test(phrases_and_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
