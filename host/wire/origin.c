/*
 * An origin is cut into scheme, host and port, and what cannot be cut so is nobody's: it equals
 * itself in a list and nothing else. Called by call/admission.c; patterns are checked by config/.
 * SPDX-License-Identifier: MIT
 */
#include "wire/origin.h"

#include "wire/authority.h"

struct origin {
	struct span scheme;
	struct authority authority;
	bool any_port; /* of a pattern */
};

static const struct {
	const char *scheme;
	unsigned port;
} web[] = {{"http", 80}, {"https", 443}};

/* 0: no scheme of the web. */
static unsigned standard_port(struct span scheme)
{
	for (size_t i = 0; i < sizeof(web) / sizeof(web[0]); i++)
		if (span_equal_nocase(scheme, span_of(web[i].scheme)))
			return web[i].port;
	return 0;
}

static bool is_scheme(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter &&
			(i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return false;
	}
	return s.len > 0;
}

/* Cuts "scheme://" off; false when there is none. */
static bool cut_scheme(struct span text, struct span *scheme, struct span *rest)
{
	size_t colon = span_find(text, ':');

	*scheme = (struct span){text.ptr, colon};
	if (!is_scheme(*scheme) || !span_starts(span_from(text, colon), SPAN("://")))
		return false;
	*rest = span_from(text, colon + 3);
	return true;
}

static bool parse(struct origin *out, struct span text)
{
	struct span rest;

	out->any_port = false;
	return cut_scheme(text, &out->scheme, &rest) && authority_parse(&out->authority, rest);
}

bool origin_is_same(struct span origin, struct span host)
{
	struct authority here;
	struct origin from;
	unsigned standard;

	if (!parse(&from, origin) || !authority_parse(&here, host))
		return false;
	standard = standard_port(from.scheme);
	return standard != 0 && span_equal_nocase(from.authority.host, here.host) &&
	       (from.authority.port == 0 ? standard : from.authority.port) ==
		       (here.port == 0 ? standard : here.port);
}

/* ---- patterns ------------------------------------------------------------------------------- */

/* With the star of a host and that of a port, which no authority has. */
static bool parse_pattern(struct origin *out, struct span text)
{
	struct span rest, plain;
	size_t star = 0;

	if (!cut_scheme(text, &out->scheme, &rest))
		return false;
	out->any_port = rest.len > 2 && span_equal(span_from(rest, rest.len - 2), SPAN(":*"));
	if (out->any_port)
		rest.len -= 2;
	if (span_starts(rest, SPAN("*.")))
		star = 2;
	plain = span_from(rest, star);
	if (span_find(plain, '*') < plain.len || !authority_parse(&out->authority, plain))
		return false;
	if (out->any_port && out->authority.host.len < plain.len)
		return false;
	out->authority.host = (struct span){rest.ptr, out->authority.host.len + star};
	return true;
}

/* "null" is what a page without an origin sends: of a file, of a frame in a sandbox. */
static bool is_word(struct span pattern)
{
	return span_equal(pattern, SPAN("*")) || span_equal(pattern, SPAN("null"));
}

bool origin_pattern_check(struct span pattern, struct err *why)
{
	struct origin parsed;
	struct span scheme, rest;

	if (is_word(pattern) || parse_pattern(&parsed, pattern))
		return true;
	if (cut_scheme(pattern, &scheme, &rest) && span_find(rest, '/') < rest.len)
		err_set(why, ERR_BAD_REQUEST,
			"wanted scheme, host and port only: take the path away, also a slash at "
			"the end");
	else
		err_set(why, ERR_BAD_REQUEST,
			"wanted an origin such as https://example.org, https://*.example.org or "
			"http://localhost:*, or \"*\" for all");
	return false;
}

bool origin_pattern_matches(struct span pattern, struct span origin)
{
	struct origin wanted, found;
	unsigned standard;

	if (is_word(pattern))
		return pattern.ptr[0] == '*' || span_equal(pattern, origin);
	if (!parse_pattern(&wanted, pattern) || !parse(&found, origin) ||
		!span_equal_nocase(wanted.scheme, found.scheme))
		return false;
	standard = standard_port(found.scheme);
	if (!wanted.any_port &&
		(wanted.authority.port == 0 ? standard : wanted.authority.port) !=
			(found.authority.port == 0 ? standard : found.authority.port))
		return false;
	return authority_host_matches(wanted.authority.host, found.authority.host);
}
