/*
 * One function a state, which looks at one byte and names the next state; only the data of a chunk
 * are taken at once. SPDX-License-Identifier: MIT
 */
#include "wire/http_body.h"

#include <assert.h>

#include "wire/quote.h"

enum { SIZE_DIGITS_MAX = 16 };

void http_body_init_chunked(struct http_body *body, uint64_t limit)
{
	*body = (struct http_body){
		.state = BODY_SIZE, .is_chunked = true, .limit = limit, .room = limit};
}

void http_body_init_length(struct http_body *body, uint64_t length, uint64_t limit)
{
	assert(length <= limit);
	*body = (struct http_body){
		.state = length > 0 ? BODY_DATA : BODY_DONE, .left = length, .limit = limit};
}

/* ---- one byte a time ------------------------------------------------------------------------ */

static bool refuse(struct err *why, const char *wanted, char found)
{
	err_set(why, ERR_BAD_REQUEST, "invalid chunked body: found %s, wanted %s",
		quote((struct span){&found, 1}).text, wanted);
	return false;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A lone CR or LF is what one reader takes for the end of a line and another does not. */
static bool is_text(char c)
{
	return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\t';
}

static bool take_line_byte(struct http_body *body, unsigned most, struct err *why)
{
	if (++body->bytes <= most)
		return true;
	err_set(why, ERR_BAD_REQUEST, "invalid chunked body: a line or trailers over %u bytes",
		most);
	return false;
}

static bool take_size(struct http_body *body, char c, struct err *why)
{
	int digit = hex_value(c);

	if (digit >= 0 && body->bytes < SIZE_DIGITS_MAX) {
		body->bytes++;
		body->left = body->left << 4 | (unsigned)digit;
		return true;
	}
	if (body->bytes == 0 || (c != ';' && c != '\r'))
		return refuse(why, "the size of a chunk in hexadecimal digits", c);
	body->state = c == ';' ? BODY_EXTENSION : BODY_SIZE_LF;
	return true;
}

/* Nobody here knows any. */
static bool take_extension(struct http_body *body, char c, struct err *why)
{
	if (c == '\r')
		body->state = BODY_SIZE_LF;
	else if (!is_text(c))
		return refuse(why, "a chunk extension", c);
	return take_line_byte(body, HTTP_CHUNK_LINE_MAX, why);
}

static bool take_size_lf(struct http_body *body, char c, struct err *why)
{
	if (c != '\n')
		return refuse(why, "LF behind the size of a chunk", c);
	if (body->left > body->room) {
		err_set(why, ERR_TOO_LARGE, "the body is longer than %llu bytes",
			(unsigned long long)body->limit);
		return false;
	}
	body->room -= body->left;
	body->bytes = 0;
	body->state = body->left > 0 ? BODY_DATA : BODY_TRAILER_START;
	return true;
}

static bool take_data_cr(struct http_body *body, char c, struct err *why)
{
	body->state = BODY_DATA_LF;
	return c == '\r' || refuse(why, "CR behind a chunk", c);
}

static bool take_data_lf(struct http_body *body, char c, struct err *why)
{
	body->state = BODY_SIZE;
	return c == '\n' || refuse(why, "CR LF behind a chunk", c);
}

static bool take_trailer_start(struct http_body *body, char c, struct err *why)
{
	body->state = c == '\r' ? BODY_LAST_LF : BODY_TRAILER;
	if (c != '\r' && !http_is_token((struct span){&c, 1}))
		return refuse(why, "a trailer or the end of the body", c);
	return take_line_byte(body, HTTP_TRAILERS_MAX, why);
}

static bool take_trailer(struct http_body *body, char c, struct err *why)
{
	if (c == '\r')
		body->state = BODY_TRAILER_LF;
	else if (!is_text(c))
		return refuse(why, "a trailer", c);
	return take_line_byte(body, HTTP_TRAILERS_MAX, why);
}

static bool take_trailer_lf(struct http_body *body, char c, struct err *why)
{
	body->state = BODY_TRAILER_START;
	return c == '\n' || refuse(why, "LF behind a trailer", c);
}

static bool take_last_lf(struct http_body *body, char c, struct err *why)
{
	body->state = BODY_DONE;
	return c == '\n' || refuse(why, "LF at the end of the body", c);
}

/* ---- many ----------------------------------------------------------------------------------- */

static void take_data(struct http_body *body, struct span *in, struct buf *out)
{
	size_t part = in->len < body->left ? in->len : (size_t)body->left;

	buf_append(out, in->ptr, part);
	*in = span_from(*in, part);
	body->left -= part;
	if (body->left == 0)
		body->state = body->is_chunked ? BODY_DATA_CR : BODY_DONE;
}

static bool take_byte(struct http_body *body, struct span *in, struct err *why)
{
	static bool (*const takers[])(struct http_body *, char, struct err *) = {
		[BODY_SIZE] = take_size,
		[BODY_EXTENSION] = take_extension,
		[BODY_SIZE_LF] = take_size_lf,
		[BODY_DATA_CR] = take_data_cr,
		[BODY_DATA_LF] = take_data_lf,
		[BODY_TRAILER_START] = take_trailer_start,
		[BODY_TRAILER] = take_trailer,
		[BODY_TRAILER_LF] = take_trailer_lf,
		[BODY_LAST_LF] = take_last_lf,
	};
	char c = in->ptr[0];

	*in = span_from(*in, 1);
	return takers[body->state](body, c, why);
}

enum wire http_body_decode(
	struct http_body *body, struct span *in, struct buf *out, struct err *why)
{
	while (body->state != BODY_DONE && in->len > 0) {
		if (body->state == BODY_DATA)
			take_data(body, in, out);
		else if (!take_byte(body, in, why))
			return WIRE_BAD;
	}
	return body->state == BODY_DONE ? WIRE_DONE : WIRE_MORE;
}
