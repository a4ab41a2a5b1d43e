/*
 * Only splits the URL as every client does before it sends it, and decides nothing: the bytes are
 * read by wire/http_head.c like those of a peer. Called by the explain command.
 * SPDX-License-Identifier: MIT
 */
#include "call/explain_head.h"

#include <string.h>

#include "wire/http_head.h"
#include "wire/quote.h"

struct parts {
	struct span host, target;
};

static size_t scheme_length(struct span url)
{
	static const char *const schemes[] = {"ws://", "wss://", "http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span scheme = span_of(schemes[i]);

		if (url.len >= scheme.len &&
			span_equal_nocase((struct span){url.ptr, scheme.len}, scheme))
			return scheme.len;
	}
	return 0;
}

static bool split(struct span url, struct parts *out)
{
	size_t scheme = scheme_length(url), end;

	/* No client sends the fragment. */
	url.len = span_find(url, '#');
	*out = (struct parts){SPAN("127.0.0.1:8000"), url};
	if (scheme == 0)
		return span_starts(url, SPAN("/"));
	if (scheme > url.len)
		return false;
	url = span_from(url, scheme);
	end = span_find(url, '/');
	if (span_find(url, '?') < end)
		end = span_find(url, '?');
	out->host = (struct span){url.ptr, end};
	out->target = span_from(url, end);
	return end > 0;
}

/* A line break would be a line of the head of its own. */
static bool is_one_line(const char *text)
{
	return strpbrk(text, "\r\n") == NULL;
}

static struct span name_of(const char *header)
{
	struct span text = span_of(header);

	text.len = span_find(text, ':');
	return text;
}

static bool is_replaced(struct span name, const char *const *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal_nocase(name_of(headers[i]), name))
			return true;
	return false;
}

static void put_head(struct buf *out, const struct parts *parts, const char *method,
	const char *const *headers, size_t header_count)
{
	const struct {
		const char *name;
		struct span value;
	} usual[] = {
		{"Host", parts->host},
		{"Upgrade", SPAN("websocket")},
		{"Connection", SPAN("Upgrade")},
		{"Sec-WebSocket-Key", SPAN("dGhlIHNhbXBsZSBub25jZQ==")},
		{"Sec-WebSocket-Version", SPAN("13")},
	};

	/* "ws://host?q=1" */
	buf_printf(out, "%s %s%.*s HTTP/1.1\r\n", method == NULL ? "GET" : method,
		span_starts(parts->target, SPAN("/")) ? "" : "/", SPAN_ARG(parts->target));
	/* Of a plain request Host is all. */
	for (size_t i = 0; i < (method == NULL ? sizeof(usual) / sizeof(usual[0]) : 1); i++)
		if (!is_replaced(span_of(usual[i].name), headers, header_count))
			buf_printf(out, "%s: %.*s\r\n", usual[i].name, SPAN_ARG(usual[i].value));
	for (size_t i = 0; i < header_count; i++)
		buf_printf(out, "%s\r\n", headers[i]);
	buf_append_span(out, SPAN("\r\n"));
}

bool explain_head(struct buf *out, const char *url, const char *method, const char *const *headers,
	size_t header_count, struct err *why)
{
	struct parts parts;

	if (!split(span_of(url), &parts) || !is_one_line(url)) {
		err_set(why, ERR_BAD_REQUEST,
			"found %s, wanted a URL such as /ws?q=1 or ws://localhost:8000/ws?q=1",
			quote(span_of(url)).text);
		return false;
	}
	for (size_t i = 0; i < header_count; i++) {
		if (name_of(headers[i]).len < strlen(headers[i]) && is_one_line(headers[i]))
			continue;
		err_set(why, ERR_BAD_REQUEST, "found %s, wanted a header such as \"X-Token: abc\"",
			quote(span_of(headers[i])).text);
		return false;
	}
	if (method != NULL && !http_is_token(span_of(method))) {
		err_set(why, ERR_BAD_REQUEST, "found %s, wanted a method such as POST",
			quote(span_of(method)).text);
		return false;
	}
	put_head(out, &parts, method, headers, header_count);
	return true;
}
