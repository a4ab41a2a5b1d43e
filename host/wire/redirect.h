/*
 * Where a redirect leads: "https://example.org/{param}" or "/new/{param}", with the parameters of
 * the route's path filled in. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_REDIRECT_H
#define SOCKLET_WIRE_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct redirect_part {
	struct span text;   /* as it goes out; ptr NULL: a parameter */
	size_t param;       /* its index */
	bool keeps_slashes; /* one of several segments, before any '?' */
};

struct redirect {
	struct redirect_part *parts;
	size_t count;
	bool has_query; /* of its own: that of the request is not added */
};

/*
 * `params` and `converters` are those of the route's pattern, both ending with NULL. Memory is the
 * arena's, the text is borrowed. False fills `why` with what was wanted, to stand behind
 * "found …, ".
 */
bool redirect_parse(struct redirect *out, const char *text, const char *const *params,
	const char *const *converters, struct arena *arena, struct err *why);
/*
 * Appends the location. Values are percent-encoded, so that none can end a header, begin a query,
 * or name another host. `query` is that of the request, ptr NULL when it has none.
 */
void redirect_write(const struct redirect *redirect, struct buf *out, const struct span *values,
	struct span query);

#endif
