/*
 * Values that can be compared (numbers, dates, times, lengths of time) and how FastAPI writes one
 * in a message. For rules.c alone. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_RULES_BOUND_H
#define SOCKLET_WIRE_RULES_BOUND_H

#include "base/arena.h"
#include "wire/value.h"

/* Below 0, 0, above 0. Of a float, nan equals everything: ask isnan first. */
int rules_bound_order(enum value_type type, const union value *a, const union value *b);
/* Whether nothing lies between a value and the next: then gt 2 is ge 3. */
bool rules_bound_is_stepped(enum value_type type);
/* Numbers by their digits, dates and times by ISO 8601, a timedelta in pydantic's words. */
const char *rules_bound_text(enum value_type type, const union value *value, struct arena *arena);
/* Whether JSON's ctx has it bare. */
bool rules_bound_is_number(enum value_type type);

#endif
