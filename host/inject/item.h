/*
 * What one value of a field has to be: its type, its choices, its rules. Of a list that is each
 * item. Compiled at load from what the plugin says beside the field and the route in routes.yaml.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_ITEM_H
#define SOCKLET_INJECT_ITEM_H

#include <stdbool.h>

#include <socklet.h>

#include "wire/choices.h"
#include "wire/rules.h"
#include "wire/value.h"

struct item {
	enum value_type base;
	const struct choices *choices; /* NULL: any */
	struct rules *rules;           /* NULL: none; give them back with rules_fini */
};

struct item_input {
	const char *label; /* for complaints: "route /ws: field q" */
	struct place place;
	const struct sl_table *table;
	const struct sl_field *field;
	/* of the route */
	const struct rules_said *said;
	struct texts enum_values;
	struct place enum_place;
};

/* All that is wrong is added to `why`; *out is filled as far as it goes. */
void item_build(struct item *out, const struct item_input *input, struct arena *arena,
	struct err_list *why);
/* The text as a value of the type, whatever the rules say; false fills `error`. */
bool item_parse(const struct item *item, struct span text, struct arena *arena, union value *out,
	struct value_error *error);
/* The same with all that it has to be. */
bool item_read(const struct item *item, struct span text, struct arena *arena, union value *out,
	struct value_error *error);

#endif
