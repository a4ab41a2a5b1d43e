/*
 * The Origin header, with which a browser says whose page opens a WebSocket (RFC 6454, RFC 6455
 * section 10.2). A browser sends cookies to whoever asks, so this is what keeps the page of a
 * stranger from talking in its reader's name. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_ORIGIN_H
#define SOCKLET_WIRE_ORIGIN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/*
 * Whether a page of that origin came from `host`, a Host header: same name and port. The scheme is
 * not compared, as it is lost behind a proxy that ends TLS; a port that is not said is that of the
 * origin's scheme on both sides.
 */
bool origin_is_same(struct span origin, struct span host);

/*
 * An entry of `origins:`: "https://example.org", "http://localhost:*", "null", "*"; the host may
 * begin with "*.", which is all that is below. False fills `why` with what was wanted, to stand
 * behind "found …, ".
 */
bool origin_pattern_check(struct span pattern, struct err *why);
/* Of a pattern that was checked. */
bool origin_pattern_matches(struct span pattern, struct span origin);

#endif
