/*
 * Heads are put together line by line; only lengths are printed, as that costs more than all else.
 * Knows no socket and no reason for a status. SPDX-License-Identifier: MIT
 */
#include "wire/http_reply.h"

#include <assert.h>
#include <stdio.h>

#include "wire/http_head.h"

enum { HEAD_BYTES = 512 }; /* most are shorter */

const char *http_date_text(struct http_date *date, time_t now)
{
	/* strftime would follow a locale that some plugin has set. */
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm utc;

	if (now == date->second && date->text[0] != '\0')
		return date->text;
	date->second = now;
	gmtime_r(&now, &utc);
	snprintf(date->text, sizeof(date->text), "%s, %02u %s %04u %02u:%02u:%02u GMT",
		days[utc.tm_wday], (unsigned)utc.tm_mday % 100U, months[utc.tm_mon],
		(unsigned)(utc.tm_year + 1900) % 10000U, (unsigned)utc.tm_hour % 100U,
		(unsigned)utc.tm_min % 100U, (unsigned)utc.tm_sec % 100U);
	return date->text;
}

bool http_reply_has_body(unsigned status)
{
	return status >= 200 && status != 204 && status != 304;
}

bool http_reply_is_own_header(struct span name)
{
	static const char *const names[] = {"connection", "upgrade", "content-length",
		"content-type", "transfer-encoding", "date", "server", "sec-websocket-accept",
		"sec-websocket-protocol", "sec-websocket-extensions", "sec-websocket-version"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_equal_nocase(name, span_of(names[i])))
			return true;
	return false;
}

bool http_reply_is_value(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct span name_of(struct span line)
{
	return (struct span){line.ptr, span_find(line, ':')};
}

/* A line with its CRLF. */
static struct span cut_line(struct span *lines)
{
	size_t end = span_find(*lines, '\n');
	struct span line = {lines->ptr, end < lines->len ? end + 1 : end};

	*lines = span_from(*lines, line.len);
	return line;
}

bool http_reply_has_line(struct span lines, struct span name)
{
	while (lines.len > 0)
		if (span_equal_nocase(name_of(cut_line(&lines)), name))
			return true;
	return false;
}

static const struct http_style *style_or_usual(const struct http_style *style)
{
	static const struct http_style usual = {.server = "socklet", .has_date = true};

	return style == NULL ? &usual : style;
}

static void put_line(struct buf *out, struct span name, const char *value)
{
	buf_append_span(out, name);
	buf_append_span(out, span_of(value));
	buf_append_span(out, SPAN("\r\n"));
}

/* "HTTP/1.1 200 OK" */
static void put_status_line(struct buf *out, unsigned status)
{
	char start[] = "HTTP/1.1 000 ";

	assert(status >= 100 && status <= 999);
	start[9] = (char)('0' + status / 100);
	start[10] = (char)('0' + status / 10 % 10);
	start[11] = (char)('0' + status % 10);
	buf_append(out, start, sizeof(start) - 1);
	buf_append_span(out, span_of(http_status_phrase(status)));
	buf_append_span(out, SPAN("\r\n"));
}

static void put_start(
	struct buf *out, unsigned status, const char *date, const struct http_style *style)
{
	buf_reserve(out, HEAD_BYTES);
	put_status_line(out, status);
	if (style->has_date)
		put_line(out, SPAN("Date: "), date);
	if (style->server != NULL)
		put_line(out, SPAN("Server: "), style->server);
}

/* What the answer says itself counts more than what is said of all. */
static void put_lines(struct buf *out, struct span own, struct span all)
{
	buf_append_span(out, own);
	while (all.len > 0) {
		struct span line = cut_line(&all);

		if (!http_reply_has_line(own, name_of(line)))
			buf_append_span(out, line);
	}
}

static void put_framing(struct buf *out, const struct http_reply *reply)
{
	if (reply->framing == HTTP_BY_LENGTH)
		buf_printf(
			out, "Content-Length: %llu\r\n", (unsigned long long)reply->content_length);
	else if (reply->framing == HTTP_BY_CHUNKS)
		buf_append_span(out, SPAN("Transfer-Encoding: chunked\r\n"));
}

void http_reply_encode(struct buf *out, const struct http_reply *reply)
{
	const struct http_style *style = style_or_usual(reply->style);

	put_start(out, reply->status, reply->date, style);
	if (reply->content_type != NULL)
		put_line(out, SPAN("Content-Type: "), reply->content_type);
	if (http_reply_has_body(reply->status))
		put_framing(out, reply);
	put_lines(out, reply->headers, style->headers);
	if (reply->connection != NULL)
		put_line(out, SPAN("Connection: "), reply->connection);
	buf_append_span(out, SPAN("\r\n"));
}

void http_upgrade_encode(struct buf *out, const struct http_upgrade *upgrade)
{
	const struct http_style *style = style_or_usual(upgrade->style);

	put_start(out, 101, upgrade->date, style);
	buf_append_span(out, SPAN("Upgrade: websocket\r\nConnection: Upgrade\r\n"));
	put_line(out, SPAN("Sec-WebSocket-Accept: "), upgrade->accept);
	if (upgrade->subprotocol != NULL)
		put_line(out, SPAN("Sec-WebSocket-Protocol: "), upgrade->subprotocol);
	put_lines(out, upgrade->headers, style->headers);
	buf_append_span(out, SPAN("\r\n"));
}
