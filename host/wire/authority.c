/*
 * Only a whole first label can be a star: "*.example.org" has one reading, "*example.org" would let
 * evilexample.org in. Called by origin.c and, for `hosts:`, by config/ and call/.
 * SPDX-License-Identifier: MIT
 */
#include "wire/authority.h"

#include "wire/http_framing.h"

enum { PORT_MAX = 65535 };

/* http_host_valid has seen to it that there are digits only. */
static bool parse_port(struct span text, unsigned *port)
{
	*port = 0;
	for (size_t i = 0; i < text.len; i++) {
		*port = *port * 10 + (unsigned)(text.ptr[i] - '0');
		if (*port > PORT_MAX)
			return false;
	}
	return true;
}

bool authority_parse(struct authority *out, struct span text)
{
	size_t end;

	if (!http_host_valid(text))
		return false;
	end = text.ptr[0] == '[' ? span_find(text, ']') + 1 : span_find(text, ':');
	out->host = (struct span){text.ptr, end};
	return parse_port(span_from(text, end < text.len ? end + 1 : end), &out->port);
}

bool authority_host_matches(struct span pattern, struct span host)
{
	if (span_equal(pattern, SPAN("*")))
		return true;
	if (!span_starts(pattern, SPAN("*.")))
		return span_equal_nocase(pattern, host);
	pattern = span_from(pattern, 1);
	return host.len > pattern.len &&
	       span_equal_nocase(span_from(host, host.len - pattern.len), pattern);
}

/* The part in which no star may be. */
static struct span behind_star(struct span pattern)
{
	return span_starts(pattern, SPAN("*.")) ? span_from(pattern, 2) : pattern;
}

bool authority_pattern_check(struct span pattern, struct err *why)
{
	struct span rest = behind_star(pattern);
	struct authority parsed;

	if (span_equal(pattern, SPAN("*")))
		return true;
	if (span_find(rest, '*') == rest.len && authority_parse(&parsed, rest))
		return true;
	err_set(why, ERR_BAD_REQUEST,
		"wanted a host such as example.org, *.example.org or \"[::1]:8000\", or \"*\"");
	return false;
}

bool authority_pattern_matches(struct span pattern, struct span text)
{
	struct authority wanted, found;
	size_t star = pattern.len - behind_star(pattern).len;

	if (span_equal(pattern, SPAN("*")))
		return true;
	if (!authority_parse(&found, text) || !authority_parse(&wanted, behind_star(pattern)))
		return false;
	wanted.host = (struct span){pattern.ptr, wanted.host.len + star};
	return (wanted.port == 0 || wanted.port == found.port) &&
	       authority_host_matches(wanted.host, found.host);
}
