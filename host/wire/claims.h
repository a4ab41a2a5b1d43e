/*
 * What a security provider found out about a peer: named texts. Filled by security/, read by
 * whoever injects them. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_CLAIMS_H
#define SOCKLET_WIRE_CLAIMS_H

#include <stdbool.h>

#include "base/span.h"

/*
 * A JSON string as it is; a number, true and false as their text; a list of such as several
 * texts. Objects and null are left out.
 */
struct claim {
	const char *name;
	const struct span *texts; /* UTF-8; may hold a NUL only when the peer's text did */
	size_t count;             /* 1 unless is_list */
	bool is_list;             /* [] and ["a"] are lists, too */
};

struct claims {
	const struct claim *items; /* no name twice */
	size_t count;
};

/* NULL when there is no claim of that name. */
const struct claim *claims_find(const struct claims *claims, const char *name);

#endif
