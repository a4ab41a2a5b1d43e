/*
 * Heads are put together with one buf_printf a line: an answer is not the hot path, frames are.
 * Knows no socket and no reason for a status. SPDX-License-Identifier: MIT
 */
#include "wire/http_reply.h"

#include <stdio.h>

#include "wire/http_head.h"
#include "wire/ws_key.h"

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

static void put_start(struct buf *out, unsigned status, const char *date)
{
	buf_printf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\nServer: socklet\r\n", status,
		http_status_phrase(status), date);
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
	put_start(out, reply->status, reply->date);
	if (reply->content_type != NULL)
		buf_printf(out, "Content-Type: %s\r\n", reply->content_type);
	if (http_reply_has_body(reply->status))
		put_framing(out, reply);
	buf_append_span(out, reply->headers);
	if (reply->connection != NULL)
		buf_printf(out, "Connection: %s\r\n", reply->connection);
	buf_append_span(out, SPAN("\r\n"));
}

void http_upgrade_encode(struct buf *out, const struct http_upgrade *upgrade)
{
	char accept[WS_ACCEPT_SIZE];

	ws_accept_key(upgrade->key, accept);
	put_start(out, 101, upgrade->date);
	buf_printf(out, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		accept);
	if (upgrade->subprotocol != NULL)
		buf_printf(out, "Sec-WebSocket-Protocol: %s\r\n", upgrade->subprotocol);
	buf_append_span(out, upgrade->headers);
	buf_append_span(out, SPAN("\r\n"));
}
