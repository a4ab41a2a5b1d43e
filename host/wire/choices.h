/*
 * A closed set of texts, one of which a value has to be: the names of a C enum, or what `enum:`
 * lists. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_CHOICES_H
#define SOCKLET_WIRE_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "wire/value.h"

/* Texts in the order of their author; items is NULL when nothing was said. */
struct texts {
	const char *const *items;
	size_t count;
};

/* "a|b" as two texts, "" as none; NULL as not said. */
struct texts texts_split(const char *joined, struct arena *arena);

struct choice {
	const char *name;
	int32_t value; /* of a C enum; else 0 */
};

struct choices {
	const struct choice *items;
	size_t count;
	struct value_error error; /* what any other text is refused with */
};

/*
 * The items are borrowed, the rest is the arena's. `error` is the type of the error: pydantic's
 * "enum" for a C enum, "literal_error" for texts.
 */
struct choices *choices_new(
	const struct choice *items, size_t count, const char *error, struct arena *arena);
/* Exactly that name, or NULL. */
const struct choice *choices_find(const struct choices *choices, struct span name);
/* The first name of that value, or NULL. */
const char *choices_name(const struct choices *choices, int32_t value);

#endif
