/*
 * One row a type; all that depends on the type of a member is here. Knows no request and no
 * source. Called by plan.c, inject.c and inject_options.c. SPDX-License-Identifier: MIT
 */
#include "inject/member.h"

#include <string.h>

/* What value_store writes as a span is read as a struct sl_str. */
_Static_assert(sizeof(struct sl_str) == sizeof(struct span) &&
		       offsetof(struct sl_str, len) == offsetof(struct span, len),
	"struct span and struct sl_str have to look alike");

/* What value_store writes is read as these. */
#define LOOKS_ALIKE(value, plugin, last)                                                      \
	_Static_assert(sizeof(struct value) == sizeof(struct plugin) &&                       \
			       offsetof(struct value, last) == offsetof(struct plugin, last), \
		"struct " #value " and struct " #plugin " have to look alike")
LOOKS_ALIKE(value_uuid, sl_uuid, bytes);
LOOKS_ALIKE(value_datetime, sl_datetime, offset_s);
LOOKS_ALIKE(value_date, sl_date, day);
LOOKS_ALIKE(value_time, sl_time, offset_s);
_Static_assert(sizeof(struct sl_timedelta) == sizeof(int64_t), "a timedelta is its microseconds");

#define PLAIN(number, base, name, c_type)                      \
	{                                                      \
		number, base, name, #c_type, sizeof(c_type), 0 \
	}
#define OPTIONAL(number, base, name, c_type)                                      \
	{                                                                         \
		(number) | SL_TYPE_OPTIONAL, base, name, #c_type, sizeof(c_type), \
			offsetof(c_type, set)                                     \
	}

static const struct member_type rows[] = {
	PLAIN(SL_TYPE_TEXT, VALUE_TEXT, "str", const char *),
	PLAIN(SL_TYPE_STR, VALUE_STR, "str", struct sl_str),
	PLAIN(SL_TYPE_INT, VALUE_INT, "int", int64_t),
	PLAIN(SL_TYPE_DOUBLE, VALUE_DOUBLE, "float", double),
	PLAIN(SL_TYPE_BOOL, VALUE_BOOL, "bool", bool),
	PLAIN(SL_TYPE_UINT, VALUE_UINT, "uint", uint64_t),
	OPTIONAL(SL_TYPE_UINT, VALUE_UINT, "uint?", struct sl_opt_uint),
	PLAIN(SL_TYPE_UUID, VALUE_UUID, "uuid", struct sl_uuid),
	OPTIONAL(SL_TYPE_UUID, VALUE_UUID, "uuid?", struct sl_opt_uuid),
	PLAIN(SL_TYPE_DATETIME, VALUE_DATETIME, "datetime", struct sl_datetime),
	OPTIONAL(SL_TYPE_DATETIME, VALUE_DATETIME, "datetime?", struct sl_opt_datetime),
	PLAIN(SL_TYPE_DATE, VALUE_DATE, "date", struct sl_date),
	OPTIONAL(SL_TYPE_DATE, VALUE_DATE, "date?", struct sl_opt_date),
	PLAIN(SL_TYPE_TIME, VALUE_TIME, "time", struct sl_time),
	OPTIONAL(SL_TYPE_TIME, VALUE_TIME, "time?", struct sl_opt_time),
	PLAIN(SL_TYPE_TIMEDELTA, VALUE_TIMEDELTA, "timedelta", struct sl_timedelta),
	OPTIONAL(SL_TYPE_TIMEDELTA, VALUE_TIMEDELTA, "timedelta?", struct sl_opt_timedelta),
	/* Only copied: no text becomes one. */
	{SL_TYPE_STRUCT, VALUE_TYPE_COUNT, "struct", "a pointer to a struct", sizeof(void *), 0},
	OPTIONAL(SL_TYPE_TEXT, VALUE_TEXT, "str?", struct sl_opt_text),
	OPTIONAL(SL_TYPE_STR, VALUE_STR, "str?", struct sl_opt_str),
	OPTIONAL(SL_TYPE_INT, VALUE_INT, "int?", struct sl_opt_int),
	OPTIONAL(SL_TYPE_DOUBLE, VALUE_DOUBLE, "float?", struct sl_opt_double),
	OPTIONAL(SL_TYPE_BOOL, VALUE_BOOL, "bool?", struct sl_opt_bool),
};

const struct member_type *member_type_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

struct sl_field member_field(const struct sl_table *table, size_t i)
{
	struct sl_field field;

	memcpy(&field, (const char *)table->fields + i * table->stride, sizeof(field));
	return field;
}

struct rules_said member_said(
	const struct sl_table *table, const struct sl_field *field, struct arena *arena)
{
	return (struct rules_said){.texts = {[RULES_ALLOW_INF_NAN] = field->allow_inf_nan,
					   [RULES_MULTIPLE_OF] = field->multiple_of,
					   [RULES_LE] = field->le,
					   [RULES_LT] = field->lt,
					   [RULES_GE] = field->ge,
					   [RULES_GT] = field->gt,
					   [RULES_MAX_LENGTH] = field->max_length,
					   [RULES_MIN_LENGTH] = field->min_length,
					   [RULES_PATTERN] = field->pattern},
		.author = arena_printf(arena, "struct %s of the plugin", table->name)};
}

static void set_mark(const struct member_type *type, void *where, uint32_t is_set)
{
	if (type->set_offset > 0)
		memcpy((char *)where + type->set_offset, &is_set, sizeof(is_set));
}

void member_store(const struct member_type *type, void *where, const union value *value)
{
	value_store(type->base, value, where);
	set_mark(type, where, 1);
}

void member_clear(const struct member_type *type, void *where)
{
	union value empty;

	if (type->type == SL_TYPE_STRUCT) {
		memset(where, 0, type->size);
		return;
	}
	/* A plugin that prints an absent text must not fall over a NULL. */
	memset(&empty, 0, sizeof(empty));
	if (type->base == VALUE_TEXT)
		empty.text = "";
	if (type->base == VALUE_STR)
		empty.str = SPAN("");
	value_store(type->base, &empty, where);
	set_mark(type, where, 0);
}

void member_copy(const struct member_type *type, void *where, const struct member_type *from_type,
	const void *from)
{
	union value value;
	uint32_t is_set = 1;

	if (type->type == SL_TYPE_STRUCT) {
		memcpy(where, from, type->size);
		return;
	}
	memset(&value, 0, sizeof(value));
	memcpy(&value, from, value_size(type->base));
	if (from_type->set_offset > 0)
		memcpy(&is_set, (const char *)from + from_type->set_offset, sizeof(is_set));
	/* What a provider left untouched is zero: again no NULL. */
	if ((type->base == VALUE_TEXT && value.text == NULL) ||
		(type->base == VALUE_STR && value.str.ptr == NULL))
		member_clear(type, where);
	else
		value_store(type->base, &value, where);
	set_mark(type, where, is_set != 0);
}
