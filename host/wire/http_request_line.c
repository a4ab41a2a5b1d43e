/*
 * The request line in one place, because most of what is not HTTP shows here first. Blanks are
 * single and targets are visible ASCII; what http_head's scan has already refused (control bytes,
 * bare CR or LF) is not looked for again. Called by http_head only. SPDX-License-Identifier: MIT
 */
#include "wire/http_request_line.h"

#include "wire/http_framing.h"
#include "wire/quote.h"

static bool refuse(struct err *why, const char *what, struct span found)
{
	err_set(why, ERR_BAD_REQUEST, "%s: %s", what, quote(found).text);
	return false;
}

/* Without its query, which may hold a credential. */
static bool refuse_target(struct err *why, const char *what, struct span target)
{
	target.len = span_find(target, '?');
	return refuse(why, what, target);
}

static bool check_method(struct span method, struct err *why)
{
	if (method.len > HTTP_METHOD_MAX) {
		err_set(why, ERR_NOT_IMPLEMENTED, "method longer than %d bytes", HTTP_METHOD_MAX);
		return false;
	}
	return http_is_token(method) || refuse(why, "method is not a token", method);
}

static bool refuse_long_target(const struct http_limits *limits, struct err *why)
{
	err_set(why, ERR_URI_TOO_LONG, "request target longer than %zu bytes",
		limits->target_bytes);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_version(struct http_head *head, struct span version, struct err *why)
{
	if (version.len != 8 || !span_starts(version, SPAN("HTTP/")) || !is_digit(version.ptr[5]) ||
		version.ptr[6] != '.' || !is_digit(version.ptr[7]))
		return refuse(why, "request line does not end with HTTP/1.1", version);
	if (version.ptr[5] != '1') {
		err_set(why, ERR_HTTP_VERSION, "%.*s is not spoken here, use HTTP/1.1",
			SPAN_ARG(version));
		return false;
	}
	/* RFC 9110 2.5: a later minor is taken as the latest that we know. */
	head->minor = version.ptr[7] != '0';
	return true;
}

static void split_query(struct http_head *head, struct span path_and_query)
{
	head->query = path_and_query;
	head->path = span_cut(&head->query, '?');
}

/* The bytes between "//" and the path, or an empty span when it is no http(s) URI. */
static struct span cut_authority(struct span target, struct span *rest)
{
	static const struct span schemes[] = {{"http://", 7}, {"https://", 8}};
	struct span none = {NULL, 0};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span start = {target.ptr, schemes[i].len};
		size_t len = 0;

		if (target.len < start.len || !span_equal_nocase(start, schemes[i]))
			continue;
		*rest = span_from(target, start.len);
		while (len < rest->len && rest->ptr[len] != '/' && rest->ptr[len] != '?')
			len++;
		start = (struct span){rest->ptr, len};
		*rest = span_from(*rest, len);
		return start;
	}
	return none;
}

static bool parse_absolute(struct http_head *head, struct err *why)
{
	struct span rest = {NULL, 0};
	struct span authority = cut_authority(head->target, &rest);

	if (!http_host_valid(authority))
		return refuse_target(
			why, "request target is neither a path nor an http URI", head->target);
	head->host = authority;
	split_query(head, rest);
	if (head->path.len == 0)
		head->path = SPAN("/");
	return true;
}

static bool parse_target(struct http_head *head, const struct http_limits *limits, struct err *why)
{
	struct span target = head->target;

	if (target.len > limits->target_bytes)
		return refuse_long_target(limits, why);
	if (target.len == 0)
		return refuse(why, "request line without a target behind the method", head->method);
	if (span_find(target, '#') < target.len)
		return refuse_target(why, "request target with a fragment (#)", target);
	if (span_equal(head->method, SPAN("CONNECT"))) {
		err_set(why, ERR_NOT_IMPLEMENTED, "CONNECT is not offered, this is no proxy");
		return false;
	}
	if (target.ptr[0] == '/') {
		split_query(head, target);
		return true;
	}
	if (span_equal(target, SPAN("*")) && span_equal(head->method, SPAN("OPTIONS"))) {
		head->path = target;
		return true;
	}
	return parse_absolute(head, why);
}

bool http_request_line_parse(
	struct http_head *head, struct span line, const struct http_limits *limits, struct err *why)
{
	struct span rest = line;

	head->query = head->host = (struct span){NULL, 0};
	head->method = span_cut(&rest, ' ');
	if (!check_method(head->method, why))
		return false;
	head->target = span_cut(&rest, ' ');
	/* Version first: a peer of HTTP/2 or 0.9 is told so and not puzzled by its target. */
	if (head->target.len > 0 && head->target.len <= limits->target_bytes &&
		!parse_version(head, rest, why))
		return false;
	return parse_target(head, limits, why);
}

bool http_request_line_begins(struct span part, const struct http_limits *limits, struct err *why)
{
	static const size_t version_len = sizeof(" HTTP/1.1") - 1;
	struct span start = part;
	size_t method_len;

	if (part.len == 0)
		return true;
	/* Never more than the longest method, or byte by byte would cost O(n * n). */
	if (start.len > HTTP_METHOD_MAX + 1)
		start.len = HTTP_METHOD_MAX + 1;
	method_len = span_find(start, ' ');
	start.len = method_len;
	if (!check_method(start, why))
		return false;
	if (part.len > method_len + 1 + limits->target_bytes + version_len)
		return refuse_long_target(limits, why);
	return true;
}
