/*
 * "host", "host:port", "[::1]:port", as in Host headers and behind the "://" of an origin.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_AUTHORITY_H
#define SOCKLET_WIRE_AUTHORITY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct authority {
	struct span host; /* an IPv6 address with its brackets */
	unsigned port;    /* 0: none is said */
};

/* False when it is none; the spans are the text's. */
bool authority_parse(struct authority *out, struct span text);

/*
 * Whose host a pattern's is, in any case: the same, or "*.example.org" for all below example.org
 * (itself not), or "*" for every one.
 */
bool authority_host_matches(struct span pattern, struct span host);

/*
 * An entry of a list of hosts: "example.org" with any port, "example.org:8000", "*.example.org",
 * "*". False fills `why` with what was wanted, to stand behind "found …, ".
 */
bool authority_pattern_check(struct span pattern, struct err *why);
/* Of a pattern that was checked; a text that is no authority matches "*" only. */
bool authority_pattern_matches(struct span pattern, struct span text);

#endif
