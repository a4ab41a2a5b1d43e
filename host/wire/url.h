/*
 * Percent-decoding and query pairs, as FastAPI's stack does them: an escape that is none stays as
 * it is, bytes that are not UTF-8 become U+FFFD, '+' is a blank in a query only.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_URL_H
#define SOCKLET_WIRE_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

struct pair {
	struct span name, value;
};

/*
 * Decoded path: borrowed when it holds nothing to decode, else a copy in the arena. May hold any
 * character, NUL and '/' included (of %00 and %2F).
 */
struct span url_decode_path(struct span encoded, struct arena *arena);
/*
 * Every `name=value` of a query in order (empty values kept, a name without '=' has an empty
 * value, empty parts skipped, as Python's parse_qsl(keep_blank_values=True)). *count is set; the
 * array and decoded copies are the arena's, the rest is borrowed. No bound of its own: a pair takes
 * two bytes of the target ("a&"), whose size has one (HTTP_TARGET_MAX: at most 4,096 pairs).
 */
struct pair *url_decode_query(struct span query, struct arena *arena, size_t *count);

#endif
