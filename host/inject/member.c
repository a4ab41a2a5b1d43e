/*
 * All that depends on the type of a member, in rows that socklet.h's own list of types makes.
 * Knows no request and no source. Called by plan*.c, inject*.c and item.c.
 * SPDX-License-Identifier: MIT
 */
#include "inject/member.h"

#include <string.h>

/* What value_store writes as a span is read as a struct sl_str. */
_Static_assert(sizeof(struct sl_str) == sizeof(struct span) &&
		       offsetof(struct sl_str, len) == offsetof(struct span, len),
	"struct span and struct sl_str have to look alike");

/* What value_store writes is read as these. */
struct any_list {
	const void *items;
	size_t count;
};

#define LOOKS_ALIKE(value, plugin, last)                                                      \
	_Static_assert(sizeof(struct value) == sizeof(struct plugin) &&                       \
			       offsetof(struct value, last) == offsetof(struct plugin, last), \
		"struct " #value " and struct " #plugin " have to look alike")
LOOKS_ALIKE(value_uuid, sl_uuid, bytes);
LOOKS_ALIKE(value_datetime, sl_datetime, offset_s);
LOOKS_ALIKE(value_date, sl_date, day);
LOOKS_ALIKE(value_time, sl_time, offset_s);
_Static_assert(sizeof(struct sl_timedelta) == sizeof(int64_t), "a timedelta is its microseconds");

/* A type's four forms stand together: plain, optional, list, optional list. */
#define ROW_AT(type) (((type)&0xffu) * 4 + ((type) >> 8 & 3u))
/* `name` is what the author wrote; what is behind bool is the compiler's affair. */
#define ROW(number, name, c_type, inner, set, list)                                          \
	[ROW_AT(number)] = {number, (enum value_type)(((number)&0xff) - SL_TYPE_TEXT), name, \
		sizeof(c_type), sizeof(inner), set, list},
#define STRUCT_ROW(number, c_type, inner, set, list) ROW(number, #c_type, c_type, inner, set, list)
#define ROWS(word, type, number)                                                                 \
	ROW(number, #type, type, type, 0, false)                                                 \
	STRUCT_ROW((number) | SL_TYPE_OPTIONAL, struct sl_opt##word, type,                       \
		offsetof(struct sl_opt##word, set), false)                                       \
	STRUCT_ROW((number) | SL_TYPE_LIST, struct sl_list##word, struct sl_list##word, 0, true) \
	STRUCT_ROW((number) | SL_TYPE_LIST | SL_TYPE_OPTIONAL, struct sl_opt_list##word,         \
		struct sl_list##word, offsetof(struct sl_opt_list##word, set), true)

static const struct member_type rows[] = {
	SL_TYPES_(ROWS) SL_ENUM_TYPE_(ROWS)
		/* Only copied: no text becomes one. */
		[ROW_AT(SL_TYPE_STRUCT)] = {SL_TYPE_STRUCT, VALUE_TYPE_COUNT,
			"a pointer to a struct", sizeof(void *), sizeof(void *), 0, false}};

_Static_assert(SL_TYPE_ENUM - SL_TYPE_TEXT == VALUE_ENUM - VALUE_TEXT &&
		       SL_TYPE_DATE - SL_TYPE_TEXT == VALUE_DATE - VALUE_TEXT,
	"enum value_type has the order of SL_TYPE_…");
/* What a list's `items` and `count` are read as, whatever the items are. */
LOOKS_ALIKE(any_list, sl_list_text, count);

const struct member_type *member_type_find(uint32_t type)
{
	size_t at = ROW_AT(type);

	if (at >= sizeof(rows) / sizeof(rows[0]) || rows[at].c_name == NULL ||
		rows[at].type != type)
		return NULL;
	return &rows[at];
}

const char *member_type_name(const struct member_type *type)
{
	if (type->type == SL_TYPE_STRUCT)
		return "struct";
	return value_form_name(type->base, type->is_list, type->set_offset > 0);
}

struct sl_field member_field(const struct sl_table *table, size_t i)
{
	struct sl_field field = {0};

	memcpy(&field, (const char *)table->fields + i * table->stride,
		table->stride < sizeof(field) ? table->stride : sizeof(field));
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
					   [RULES_PATTERN] = field->pattern,
					   [RULES_MIN_ITEMS] = field->min_items,
					   [RULES_MAX_ITEMS] = field->max_items},
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

void member_store_list(const struct member_type *type, void *where, const void *items, size_t count)
{
	const struct any_list list = {items, count};

	memcpy(where, &list, sizeof(list));
	set_mark(type, where, 1);
}

/* A plugin that prints an absent text must not fall over a NULL. */
static void fill_empty(const struct member_type *type, void *where)
{
	union value empty;

	if (type->type == SL_TYPE_STRUCT) {
		memset(where, 0, type->size);
		return;
	}
	memset(where, 0, type->value_size);
	memset(&empty, 0, sizeof(empty));
	if (type->is_list)
		return;
	if (type->base == VALUE_TEXT)
		empty.text = "";
	if (type->base == VALUE_STR)
		empty.str = SPAN("");
	value_store(type->base, &empty, where);
}

void member_clear(const struct member_type *type, void *where)
{
	fill_empty(type, where);
	set_mark(type, where, 0);
}

void member_copy(const struct member_type *type, void *where, const struct member_type *from_type,
	const void *from)
{
	uint32_t is_set = 1;
	const char *start;

	if (type->type == SL_TYPE_STRUCT) {
		memcpy(where, from, type->size);
		return;
	}
	if (from_type->set_offset > 0)
		memcpy(&is_set, (const char *)from + from_type->set_offset, sizeof(is_set));
	memcpy(where, from, type->value_size);
	/* What a provider left untouched is zero: again no NULL. */
	if (!type->is_list && (type->base == VALUE_TEXT || type->base == VALUE_STR)) {
		memcpy(&start, from, sizeof(start));
		if (start == NULL)
			fill_empty(type, where);
	}
	set_mark(type, where, is_set != 0);
}

static void own_text(enum value_type base, void *where, struct arena *arena)
{
	union value value;

	if (base == VALUE_TEXT) {
		memcpy(&value.text, where, sizeof(value.text));
		value.text = arena_text(arena, value.text, strlen(value.text));
	} else {
		memcpy(&value.str, where, sizeof(value.str));
		value.str = arena_span(arena, value.str);
	}
	value_store(base, &value, where);
}

void member_own(const struct member_type *type, void *where, struct arena *arena)
{
	bool is_text = type->base == VALUE_TEXT || type->base == VALUE_STR;
	struct any_list list;
	size_t size;
	char *items;

	if (!type->is_list) {
		if (is_text)
			own_text(type->base, where, arena);
		return;
	}
	memcpy(&list, where, sizeof(list));
	size = value_size(type->base);
	items = arena_alloc(arena, list.count * size);
	if (list.count > 0)
		memcpy(items, list.items, list.count * size);
	for (size_t i = 0; is_text && i < list.count; i++)
		own_text(type->base, items + i * size, arena);
	list.items = items;
	memcpy(where, &list, sizeof(list));
}
