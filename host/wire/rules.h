/*
 * What a value has to be, beside its type: bounds, lengths, a pattern; of a list, how many. Said by
 * a plugin beside its field and by a route, which may tighten what the plugin said and never loosen
 * it. Compiled at load, checked for each value; types, texts and ctx are FastAPI's.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_RULES_H
#define SOCKLET_WIRE_RULES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/value.h"

/* In the order in which they are checked: FastAPI's. The first that fails is the error. */
enum rules_key {
	RULES_ALLOW_INF_NAN,
	RULES_MULTIPLE_OF,
	RULES_LE,
	RULES_LT,
	RULES_GE,
	RULES_GT,
	RULES_MAX_LENGTH, /* lengths in code points */
	RULES_MIN_LENGTH,
	RULES_PATTERN,
	RULES_LAST_OF_ITEM = RULES_PATTERN, /* those above are of each item of a list */
	RULES_MAX_ITEMS,
	RULES_MIN_ITEMS,
	RULES_KEY_COUNT
};

/* What one author said of a field, as texts; NULL is not said. */
struct rules_said {
	const char *texts[RULES_KEY_COUNT];
	struct place places[RULES_KEY_COUNT]; /* no file: the field's */
	const char *author;                   /* "the route", "struct items_args of the plugin" */
};

/* What is being compiled, for complaints. */
struct rules_field {
	const char *label; /* "route /ws: field q" */
	struct place place;
	enum value_type type;
	bool is_list; /* of that type */
};

struct rules;

/* "multiple_of": as routes.yaml and SL_FIELD call it. */
const char *rules_key_name(enum rules_key key);
/*
 * NULL when nothing was said, or after complaints: a text that does not convert, one that does
 * not fit the type, a route that loosens, bounds that leave no value, a pattern that does not
 * compile. The arena's, but for its patterns: rules_fini.
 */
struct rules *rules_new(const struct rules_field *field, const struct rules_said *plugin,
	const struct rules_said *route, struct arena *arena, struct err_list *why);
/* False fills `why`. The value is one of the field's type. */
bool rules_check(const struct rules *rules, const union value *value, struct value_error *why);
/*
 * Of a list: as in pydantic too many items are refused before they are looked at, too few when
 * each of them is right. The message is the arena's.
 */
bool rules_check_most(
	const struct rules *rules, size_t count, struct arena *arena, struct value_error *why);
bool rules_check_least(
	const struct rules *rules, size_t count, struct arena *arena, struct value_error *why);
/* The first pattern that some short text exhausts, or NULL. Takes its time: not for a request. */
const char *rules_slow_pattern(const struct rules *rules);
/* Gives the patterns back. */
void rules_fini(struct rules *rules);

#endif
