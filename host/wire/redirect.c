/*
 * A location is cut into parts when it is loaded, so that a request only copies. Parameters stand
 * behind the host only: where a peer could choose the host, every page could be made to lead to
 * his. Called by call/host.c; parsed by call/generation.c. SPDX-License-Identifier: MIT
 */
#include "wire/redirect.h"

#include <string.h>

#include "wire/http_framing.h"

static bool refuse(struct err *why, const char *text)
{
	err_set(why, ERR_BAD_REQUEST, "%s", text);
	return false;
}

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || strchr("\"<>\\^`{|}", s.ptr[i]) != NULL)
			return false;
	return true;
}

static bool check_start(struct span text, struct err *why)
{
	static const struct span schemes[] = {{"https://", 8}, {"http://", 7}};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span host = span_from(text, schemes[i].len);

		if (!span_starts(text, schemes[i]))
			continue;
		for (size_t n = 0; n < host.len; n++)
			if (strchr("/?#", host.ptr[n]) != NULL)
				host.len = n;
		return http_host_valid(host) ||
		       refuse(why, "wanted a host behind the ://, without a parameter in it");
	}
	if (text.len > 0 && text.ptr[0] == '/' && !span_starts(text, SPAN("//")))
		return true;
	return refuse(why, "wanted a path that begins with one '/', or http:// or https://");
}

static bool add_param(struct redirect *out, struct span name, const char *const *params,
	const char *const *converters, struct err *why)
{
	struct redirect_part *part = &out->parts[out->count++];

	while (params[part->param] != NULL && !span_equal(name, span_of(params[part->param])))
		part->param++;
	if (params[part->param] != NULL) {
		part->keeps_slashes = !out->has_query &&
				      strcmp(converters[part->param], "path") == 0;
		return true;
	}
	err_set(why, ERR_BAD_REQUEST, "where the path has no parameter {%.*s}", SPAN_ARG(name));
	return false;
}

bool redirect_parse(struct redirect *out, const char *text, const char *const *params,
	const char *const *converters, struct arena *arena, struct err *why)
{
	struct span rest = span_of(text);
	size_t most = 1;

	for (size_t i = 0; i < rest.len; i++)
		most += rest.ptr[i] == '{' ? 2 : 0;
	*out = (struct redirect){.parts = arena_alloc(arena, most * sizeof(*out->parts))};
	if (!check_start(rest, why))
		return false;
	while (rest.ptr != NULL) {
		struct span literal = span_cut(&rest, '{'), name;

		if (!is_plain(literal))
			return refuse(why,
				"wanted letters, digits and signs of a URL: write others "
				"percent-encoded");
		out->parts[out->count++].text = literal;
		out->has_query |= span_find(literal, '?') < literal.len ||
				  span_find(literal, '#') < literal.len;
		if (rest.ptr == NULL)
			return true;
		name = span_cut(&rest, '}');
		if (rest.ptr == NULL)
			return refuse(why, "wanted a } behind each {");
		if (!add_param(out, name, params, converters, why))
			return false;
	}
	return true;
}

/* Unreserved characters stay (RFC 3986 section 2.3). */
static bool stays(char c, bool keeps_slashes)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("-._~", c) != NULL) || (c == '/' && keeps_slashes);
}

/* A second slash at the start would make the name of another host of what follows. */
static void write_text(struct buf *out, size_t start, struct span text)
{
	if (out->len == start + 1 && span_starts(text, SPAN("/")))
		text = span_from(text, 1);
	buf_append_span(out, text);
}

static void write_value(
	struct buf *out, size_t start, const struct redirect_part *part, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		bool is_second = out->len == start + 1;

		if (stays(value.ptr[i], part->keeps_slashes && !is_second))
			buf_append(out, &value.ptr[i], 1);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)value.ptr[i]);
	}
}

void redirect_write(const struct redirect *redirect, struct buf *out, const struct span *values,
	struct span query)
{
	size_t start = out->len;

	for (size_t i = 0; i < redirect->count; i++) {
		const struct redirect_part *part = &redirect->parts[i];

		if (part->text.ptr != NULL)
			write_text(out, start, part->text);
		else
			write_value(out, start, part, values[part->param]);
	}
	if (query.ptr != NULL && !redirect->has_query)
		buf_printf(out, "?%.*s", SPAN_ARG(query));
}
