/*
 * An injected value in words: as JSON, and as text for people. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_EXPLAIN_VALUE_H
#define SOCKLET_CALL_EXPLAIN_VALUE_H

#include <stdint.h>

#include "base/buf.h"
#include "wire/choices.h"

/*
 * The value of a member of that type, in any of its forms; of an optional one only when it is set.
 * An enum is its name in `choices`, or without one there, or with NULL, its number. NULL: there is
 * no row for the type.
 */
struct json_t *explain_value_json(uint32_t type, const struct choices *choices, const void *where);
/* Texts in quotes, all others as they are written; of an unknown type its number. */
void explain_value_text(
	struct buf *out, uint32_t type, const struct choices *choices, const void *where);

#endif
