/*
 * Argument structs written as text ("int? q; text a; uuid[] l"), so that a test can have one a row.
 * An enum is red, green or blue.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_MADE_UP_H
#define SOCKLET_TESTS_MADE_UP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <socklet.h>

#include "base/arena.h"
#include "base/span.h"

enum { MADE_UP_STEP = 48 /* bytes from member to member: room for any */ };

static inline char *made_up_text(struct arena *arena, struct span text)
{
	return arena_text(arena, text.ptr, text.len);
}

/* The next part before `separator`, without blanks around it, as a text. */
static inline char *made_up_cut(struct arena *arena, struct span *rest, char separator)
{
	return made_up_text(arena, span_trim(span_cut(rest, separator)));
}

/* "int", "int?", "int[]", "int[]?" */
static inline uint32_t made_up_type(const char *text)
{
	static const char *const names[] = {"", "text", "str", "int", "float", "bool", "uint",
		"uuid", "datetime", "date", "time", "timedelta", "enum"};
	size_t len = strcspn(text, "[?");
	uint32_t form = (strchr(text, '[') ? (uint32_t)SL_TYPE_LIST : 0) |
			(strchr(text, '?') ? (uint32_t)SL_TYPE_OPTIONAL : 0);

	for (uint32_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(text, names[i], len) == 0 && names[i][len] == '\0')
			return i | form;
	fail_msg("no type %s", text);
	return 0;
}

/* Takes "type name" from each part between ';'; what follows there is the caller's. */
static inline const struct sl_table *made_up_table(struct arena *arena, const char *text)
{
	static const struct sl_enum_name colors[] = {{"red", 1}, {"green", 2}, {"blue", -3}};
	struct sl_table *table = arena_alloc(arena, sizeof(*table));
	struct sl_field *fields = arena_alloc(arena, 16 * sizeof(*fields));
	struct span rest = span_of(text);

	while (rest.ptr != NULL) {
		struct span part = span_trim(span_cut(&rest, ';'));
		struct sl_field *field = &fields[table->field_count];

		if (part.len == 0)
			continue;
		field->type = made_up_type(made_up_cut(arena, &part, ' '));
		field->name = made_up_cut(arena, &part, ' ');
		field->offset = table->field_count++ * MADE_UP_STEP;
		if ((field->type & 0xff) == SL_TYPE_ENUM) {
			field->names = colors;
			field->name_count = 3;
		}
	}
	table->size = sizeof(*table);
	table->stride = sizeof(*fields);
	table->struct_size = 16 * MADE_UP_STEP;
	table->name = "made_up";
	table->fields = fields;
	return table;
}

#endif
