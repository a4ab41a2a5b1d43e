/*
 * A body ends where its framing says, whatever it is cut into, and one that two readers could take
 * for two bodies is refused. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/http_body.h"

enum { LIMIT = 10 };

static const struct row {
	const char *input;
	enum wire outcome;
	const char *body;   /* of DONE; of BAD: a part of the text */
	const char *behind; /* of DONE: what was not used */
	enum err_code code;
} chunks[] = {
	{"0\r\n\r\n", WIRE_DONE, "", "", ERR_NONE},
	{"3\r\nabc\r\n0\r\n\r\nGET /", WIRE_DONE, "abc", "GET /", ERR_NONE},
	{"5;x=\"y z\"\t\r\nhello\r\n5\r\nworld\r\n0;z\r\nA: b\r\nC:\r\n\r\n", WIRE_DONE,
		"helloworld", "", ERR_NONE},
	{"A\r\n0123456789\r\n00\r\n\r\n", WIRE_DONE, "0123456789", "", ERR_NONE},
	{"a\r\n0123456789\r\n000\r\n\r\n", WIRE_DONE, "0123456789", "", ERR_NONE},
	{"", WIRE_MORE, "", "", ERR_NONE},
	{"0\r\n", WIRE_MORE, "", "", ERR_NONE},
	{"0\r\n\r", WIRE_MORE, "", "", ERR_NONE},
	{"0\r\nA: b\r\n", WIRE_MORE, "", "", ERR_NONE},
	{"b\r\n", WIRE_BAD, "longer than 10 bytes", "", ERR_TOO_LARGE},
	{"5\r\nhello\r\n6\r\n", WIRE_BAD, "longer than 10 bytes", "", ERR_TOO_LARGE},
	{"ffffffffffffffff\r\n", WIRE_BAD, "longer than", "", ERR_TOO_LARGE},
	{"10000000000000000", WIRE_BAD, "found \"0\"", "", ERR_BAD_REQUEST},
	{"\r\n", WIRE_BAD, "found \"\\x0d\", wanted the size of a chunk", "", ERR_BAD_REQUEST},
	{"-1\r\n", WIRE_BAD, "found \"-\"", "", ERR_BAD_REQUEST},
	{"0x1\r\n", WIRE_BAD, "found \"x\"", "", ERR_BAD_REQUEST},
	{"1 \r\n", WIRE_BAD, "found \" \"", "", ERR_BAD_REQUEST},
	{"1\na", WIRE_BAD, "found \"\\x0a\"", "", ERR_BAD_REQUEST},
	{"1\rab", WIRE_BAD, "wanted LF behind the size", "", ERR_BAD_REQUEST},
	{"1;a\nb", WIRE_BAD, "wanted a chunk extension", "", ERR_BAD_REQUEST},
	{"1;a\x7f", WIRE_BAD, "wanted a chunk extension", "", ERR_BAD_REQUEST},
	{"1\r\nab", WIRE_BAD, "found \"b\", wanted CR behind a chunk", "", ERR_BAD_REQUEST},
	{"1\r\na\rb", WIRE_BAD, "wanted CR LF behind a chunk", "", ERR_BAD_REQUEST},
	{"0\r\n:", WIRE_BAD, "wanted a trailer or the end", "", ERR_BAD_REQUEST},
	{"0\r\nA: b\r\n c", WIRE_BAD, "wanted a trailer or the end", "", ERR_BAD_REQUEST},
	{"0\r\nA: b\nc", WIRE_BAD, "wanted a trailer", "", ERR_BAD_REQUEST},
	{"0\r\nA: b\rc", WIRE_BAD, "wanted LF behind a trailer", "", ERR_BAD_REQUEST},
	{"0\r\n\rx", WIRE_BAD, "wanted LF at the end", "", ERR_BAD_REQUEST},
};

struct run {
	enum wire outcome;
	struct buf body;
	size_t used;
	struct err why;
};

/* In pieces of `chop` bytes. */
static struct run decode(struct http_body *body, struct span input, size_t chop)
{
	struct run run = {.outcome = WIRE_MORE};

	while (run.outcome == WIRE_MORE && run.used < input.len) {
		size_t left = input.len - run.used, part = left < chop ? left : chop;
		struct span piece = {input.ptr + run.used, part};

		run.outcome = http_body_decode(body, &piece, &run.body, &run.why);
		run.used += part - piece.len;
	}
	buf_append(&run.body, "", 1);
	return run;
}

static void check(const struct row *row, const struct run *run, size_t chop)
{
	const char *text = run->outcome == WIRE_BAD ? run->why.text : run->body.data;

	if (run->outcome != row->outcome)
		fail_msg("%s by %zu: found %d (%s), wanted %d", row->input, chop, run->outcome,
			text, row->outcome);
	if (row->outcome == WIRE_DONE &&
		(strcmp(text, row->body) != 0 || strcmp(row->input + run->used, row->behind) != 0))
		fail_msg("%s by %zu: found %s and \"%s\" behind it", row->input, chop, text,
			row->input + run->used);
	if (row->outcome == WIRE_BAD &&
		(strstr(text, row->body) == NULL || run->why.code != row->code))
		fail_msg("%s by %zu: found %s (%d), wanted %s (%d)", row->input, chop, text,
			(int)run->why.code, row->body, (int)row->code);
}

static void decodes_chunks_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		for (size_t chop = 1; chop < 70; chop = chop * 4) {
			struct http_body body;
			struct run run;

			http_body_init_chunked(&body, LIMIT);
			run = decode(&body, span_of(chunks[i].input), chop);
			check(&chunks[i], &run, chop);
			buf_fini(&run.body);
		}
}

static void takes_so_many_bytes(void **state)
{
	static const struct row row = {"0123456789GET", WIRE_DONE, "0123456789", "GET", ERR_NONE};

	(void)state;
	for (size_t chop = 1; chop < 20; chop++) {
		struct http_body body;
		struct run run;

		http_body_init_length(&body, LIMIT, LIMIT);
		run = decode(&body, span_of(row.input), chop);
		check(&row, &run, chop);
		buf_fini(&run.body);
	}
}

static void lines_and_trailers_end_somewhere(void **state)
{
	struct buf input = {0};
	struct http_body body;
	struct run run;

	(void)state;
	buf_append_span(&input, SPAN("1;"));
	for (int i = 0; i <= HTTP_CHUNK_LINE_MAX; i++)
		buf_append(&input, "x", 1);
	http_body_init_chunked(&body, LIMIT);
	run = decode(&body, buf_span(&input), 7);
	assert_int_equal(run.outcome, WIRE_BAD);
	buf_fini(&run.body);
	input.len = 0;
	buf_append_span(&input, SPAN("0\r\n"));
	for (int i = 0; i <= HTTP_TRAILERS_MAX / 5; i++)
		buf_append_span(&input, SPAN("A: b\r\n"));
	http_body_init_chunked(&body, LIMIT);
	run = decode(&body, buf_span(&input), 7);
	assert_int_equal(run.outcome, WIRE_BAD);
	buf_fini(&run.body);
	buf_fini(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_chunks_however_they_are_cut),
		cmocka_unit_test(takes_so_many_bytes),
		cmocka_unit_test(lines_and_trailers_end_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
