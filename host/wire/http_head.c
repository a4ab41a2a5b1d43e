/*
 * A request head in two passes: a scan over every byte as it comes, which finds line ends and
 * refuses what no head may hold, and a split of the whole head into lines and headers. The rules
 * of the first line and of the framing headers live in http_request_line and http_framing. Reads
 * no socket; net/ and call/ call it. SPDX-License-Identifier: MIT
 */
#include "wire/http_head.h"

#include <string.h>

#include "wire/http_framing.h"
#include "wire/http_request_line.h"
#include "wire/quote.h"

/* RFC 9112 2.2 has servers skip a stray CRLF left behind a body; more is something else. */
enum { EMPTY_LINES_MAX = 4 };

const struct http_limits http_limits_default = {
	.target_bytes = HTTP_TARGET_MAX,
	.head_bytes = HTTP_HEAD_MAX,
	.headers = HTTP_HEADERS_MAX,
	.header_bytes = HTTP_HEAD_MAX,
};
const struct http_limits http_limits_none = {
	.target_bytes = SIZE_MAX / 2,
	.head_bytes = SIZE_MAX / 2,
	.headers = HTTP_HEADERS_MAX,
	.header_bytes = SIZE_MAX / 2,
};

/* Which bytes may stand where: bits, so that a token byte (7) may stand everywhere. */
enum { IN_HEADER = 1, IN_REQUEST = 2, IN_TOKEN = 4 };

#define TIMES_4(n)  n, n, n, n
#define TIMES_16(n) TIMES_4(n), TIMES_4(n), TIMES_4(n), TIMES_4(n)

/* clang-format off */
static const uint8_t kinds[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, /* HTAB */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	3, 7, 3, 7, 7, 7, 7, 7, 3, 3, 7, 7, 3, 7, 7, 3, /*  !"#$%&'()*+,-./ */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3, 3, 3, 3, 3, 3, /* 0123456789:;<=>? */
	3, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* @ABC */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3, 3, 3, 7, 7, /* PQRSTUVWXYZ[\]^_ */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, /* `abc */
	7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3, 7, 3, 7, 0, /* pqrstuvwxyz{|}~ DEL */
	TIMES_16(1), TIMES_16(1), TIMES_16(1), TIMES_16(1),
	TIMES_16(1), TIMES_16(1), TIMES_16(1), TIMES_16(1),
};
/* clang-format on */

static bool is_kind(char c, unsigned kind)
{
	return (kinds[(uint8_t)c] & kind) != 0;
}

/* Behind the characters from 0x20 to 0x7e, which stand in any line, as far as they come by eights.
 */
static size_t skip_plain(struct span s, size_t at, size_t end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t eight;

	for (; end - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, s.ptr + at, sizeof(eight));
		if (((eight | (eight - 0x20 * ones) | (eight + ones)) & 0x80 * ones) != 0)
			break;
	}
	return at;
}

bool http_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_kind(s.ptr[i], IN_TOKEN))
			return false;
	}
	return s.len > 0;
}

static enum wire refuse_byte(const struct http_progress *progress, char found, struct err *why)
{
	if (found == '\n')
		err_set(why, ERR_BAD_REQUEST, "line ends with LF alone, wanted CR LF");
	else if (found == '\r')
		err_set(why, ERR_BAD_REQUEST, "CR without LF");
	else if (found == 0x16 && progress->scanned == 0)
		err_set(why, ERR_BAD_REQUEST, "not HTTP: looks like TLS on a plain port");
	else
		err_set(why, ERR_BAD_REQUEST, "byte \\x%02x in %s", (unsigned)(uint8_t)found,
			progress->lines == 0 ? "the request line" : "a header line");
	return WIRE_BAD;
}

static const struct http_limits *limits_of(const struct http_progress *progress)
{
	return progress->limits == NULL ? &http_limits_default : progress->limits;
}

static bool check_header_size(const struct http_limits *limits, size_t len, struct err *why)
{
	if (len <= limits->header_bytes)
		return true;
	err_set(why, ERR_HEADERS_TOO_LARGE, "header line longer than %zu bytes",
		limits->header_bytes);
	return false;
}

/* The CR LF at `at` ends a line. WIRE_DONE: it was the empty line behind the headers. */
static enum wire end_line(struct http_head *head, struct http_progress *progress, struct span input,
	size_t at, struct err *why)
{
	struct span line = {input.ptr + progress->line, at - progress->line};
	const struct http_limits *limits = limits_of(progress);

	progress->line = progress->scanned = at + 2;
	if (line.len == 0 && progress->lines > 0)
		return WIRE_DONE;
	if (line.len == 0) {
		if (at < 2 * EMPTY_LINES_MAX)
			return WIRE_MORE;
		err_set(why, ERR_BAD_REQUEST, "empty lines where a request was expected");
		return WIRE_BAD;
	}
	if (progress->lines == 0 && !http_request_line_parse(head, line, limits, why))
		return WIRE_BAD;
	if (progress->lines > 0 && !check_header_size(limits, line.len, why))
		return WIRE_BAD;
	if (progress->lines > limits->headers) {
		err_set(why, ERR_HEADERS_TOO_LARGE, "more than %u header lines", limits->headers);
		return WIRE_BAD;
	}
	progress->lines++;
	return WIRE_MORE;
}

/* All bytes that came are fine and do not end the head. */
static enum wire check_part(
	const struct http_progress *progress, struct span input, struct err *why)
{
	struct span part = span_from(input, progress->line);
	const struct http_limits *limits = limits_of(progress);

	part.len = progress->scanned - progress->line;
	if (progress->lines == 0 && !http_request_line_begins(part, limits, why))
		return WIRE_BAD;
	if (progress->lines > 0 && !check_header_size(limits, part.len, why))
		return WIRE_BAD;
	if (input.len < limits->head_bytes)
		return WIRE_MORE;
	err_set(why, ERR_HEADERS_TOO_LARGE, "request head longer than %zu bytes",
		limits->head_bytes);
	return WIRE_BAD;
}

/* Looks at each new byte once. WIRE_DONE: the head ends at progress->scanned. */
static enum wire scan(
	struct http_head *head, struct http_progress *progress, struct span input, struct err *why)
{
	size_t most = limits_of(progress)->head_bytes;
	size_t end = input.len < most ? input.len : most;
	enum wire result = WIRE_MORE;

	while (result == WIRE_MORE) {
		unsigned kind = progress->lines == 0 ? IN_REQUEST : IN_HEADER;
		size_t at = skip_plain(input, progress->scanned, end);

		while (at < end && is_kind(input.ptr[at], kind))
			at++;
		progress->scanned = at;
		if (at == end || (input.ptr[at] == '\r' && at + 1 == end))
			return check_part(progress, input, why);
		if (input.ptr[at] != '\r' || input.ptr[at + 1] != '\n')
			return refuse_byte(progress, input.ptr[at], why);
		result = end_line(head, progress, input, at, why);
	}
	return result;
}

/* Nothing behind its first word: what is no header may still hold the credential of one. */
static bool refuse_header(struct err *why, const char *what, struct span line)
{
	size_t len = 0;

	while (len < line.len && line.ptr[len] != ':' && line.ptr[len] != ' ' &&
		line.ptr[len] != '\t')
		len++;
	line.len = len;
	err_set(why, ERR_BAD_REQUEST, "%s: %s", what, quote(line).text);
	return false;
}

static bool parse_header(struct http_header *header, struct span line, struct err *why)
{
	struct span rest = line;

	header->name = span_cut(&rest, ':');
	header->value = span_trim(rest);
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
		err_set(why, ERR_BAD_REQUEST, "header line begins with a blank");
		return false;
	}
	if (rest.ptr == NULL)
		return refuse_header(why, "header line without a colon", line);
	if (span_trim(header->name).len < header->name.len)
		return refuse_header(why, "blank before the colon of a header", line);
	if (!http_is_token(header->name))
		return refuse_header(why, "header name is not a token", line);
	return true;
}

/* Cuts a line off a head in which every line is known to end with CR LF. */
static struct span cut_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	line.len--;
	return line;
}

static bool split(struct http_head *head, struct span whole, const struct http_limits *limits,
	struct err *why)
{
	struct span rest = whole, line;

	do {
		line = cut_line(&rest);
	} while (line.len == 0);
	if (!http_request_line_parse(head, line, limits, why))
		return false;
	head->length = whole.len;
	head->header_count = 0;
	while ((line = cut_line(&rest)).len > 0) {
		if (!parse_header(&head->headers[head->header_count], line, why))
			return false;
		head->header_count++;
	}
	return http_framing_check(head, why);
}

enum wire http_head_decode(
	struct http_head *head, struct http_progress *progress, struct span input, struct err *why)
{
	enum wire result = scan(head, progress, input, why);

	if (result != WIRE_DONE)
		return result;
	if (!split(head, (struct span){input.ptr, progress->scanned}, limits_of(progress), why))
		return WIRE_BAD;
	return WIRE_DONE;
}

struct span http_header_get(const struct http_head *head, struct span name, size_t n)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (span_equal_nocase(head->headers[i].name, name) && n-- == 0)
			return head->headers[i].value;
	}
	return (struct span){NULL, 0};
}

bool http_header_has_token(const struct http_head *head, struct span name, struct span token)
{
	struct span list;

	for (size_t n = 0; (list = http_header_get(head, name, n)).ptr != NULL; n++) {
		while (list.ptr != NULL) {
			if (span_equal_nocase(span_trim(span_cut(&list, ',')), token))
				return true;
		}
	}
	return false;
}

const char *http_status_phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} rows[] = {
		{100, "Continue"},
		{101, "Switching Protocols"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{426, "Upgrade Required"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			return rows[i].phrase;
	}
	return "Unknown";
}
