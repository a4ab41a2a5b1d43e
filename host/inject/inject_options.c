/*
 * A plugin's options are a struct like its arguments, with one source: the pairs of `options:`.
 * They are read once at load, so mistakes are complaints with a place in routes.yaml instead of
 * rows for a peer. Called by call/generation.c. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <string.h>

#include "inject/inject.h"
#include "inject/member.h"

struct filling {
	const struct sl_table *table;
	const struct inject_option *options;
	size_t count;
	const char *label;
	struct arena *arena;
	struct err_list *why;
	bool is_good;
};

__attribute__((format(printf, 3, 4))) static void complain(
	struct filling *filling, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(filling->why, place, "%s: %s", filling->label,
		arena_vprintf(filling->arena, format, args));
	va_end(args);
	filling->is_good = false;
}

static void check_name(struct filling *filling, const struct inject_option *option)
{
	const struct sl_table *table = filling->table;
	const char **names = arena_alloc(filling->arena, (table->field_count + 1) * sizeof(*names));
	const char *near, *all = "";

	for (size_t i = 0; i < table->field_count; i++) {
		names[i] = member_field(table, i).name;
		if (strcmp(names[i], option->name) == 0)
			return;
		all = arena_printf(filling->arena, "%s%s%s", all, i > 0 ? ", " : "", names[i]);
	}
	near = err_nearest(option->name, names);
	if (near != NULL)
		complain(filling, option->place, "the plugin has no option %s; did you mean %s?",
			option->name, near);
	else
		complain(filling, option->place, "the plugin has no option %s; it has: %s",
			option->name, all);
}

static const struct inject_option *find_option(const struct filling *filling, const char *name)
{
	for (size_t i = filling->count; i-- > 0;)
		if (strcmp(filling->options[i].name, name) == 0)
			return &filling->options[i];
	return NULL;
}

/* What a field's values have to be; its rules are wanted for one reading and gone after it. */
static struct item build_item(
	struct filling *filling, const struct sl_field *field, struct place place)
{
	static const struct rules_said nothing = {.author = "the route"};
	const struct item_input input = {
		.label = arena_printf(filling->arena, "%s: option %s", filling->label, field->name),
		.place = place,
		.table = filling->table,
		.field = field,
		.said = &nothing};
	size_t before = filling->why->count;
	struct item item;

	item_build(&item, &input, filling->arena, filling->why);
	if (filling->why->count != before)
		filling->is_good = false;
	return item;
}

/* The texts of an option, or of the plugin's default of it. */
struct given {
	struct texts texts;
	struct place place;
	bool is_default;
};

static bool read_text(struct filling *filling, const struct sl_field *field,
	const struct item *item, const struct given *given, const char *text, union value *value)
{
	const char *type = value_type_name(item->base);
	struct value_error error;

	if (!item_parse(item, span_of(text), filling->arena, value, &error)) {
		if (given->is_default)
			complain(filling, given->place,
				"option %s: the plugin's default \"%s\" is no %s: %s", field->name,
				text, type, error.message);
		else
			complain(filling, given->place, "option %s: \"%s\" is no %s: %s",
				field->name, text, type, error.message);
		return false;
	}
	if (given->is_default || item_read(item, span_of(text), filling->arena, value, &error))
		return true;
	complain(filling, given->place, "option %s: found \"%s\": %s", field->name, text,
		error.message);
	return false;
}

static void check_count(struct filling *filling, const struct sl_field *field,
	const struct item *item, const struct given *given)
{
	size_t count = given->texts.count;
	struct value_error error;

	if (item->rules == NULL || given->is_default)
		return;
	if (!rules_check_most(item->rules, count, filling->arena, &error) ||
		!rules_check_least(item->rules, count, filling->arena, &error))
		complain(filling, given->place, "option %s: %s", field->name, error.message);
}

static void fill_texts(struct filling *filling, const struct sl_field *field,
	const struct item *item, const struct given *given, void *where)
{
	const struct member_type *type = member_type_find(field->type);
	size_t size = value_size(type->base);
	char *items = arena_alloc(filling->arena, given->texts.count * size);
	union value value;

	for (size_t i = 0; i < given->texts.count; i++) {
		if (!read_text(filling, field, item, given, given->texts.items[i], &value))
			continue;
		if (type->is_list)
			value_store(type->base, &value, items + i * size);
		else
			member_store(type, where, &value);
	}
	if (!type->is_list)
		return;
	check_count(filling, field, item, given);
	member_store_list(type, where, items, given->texts.count);
}

/* False, with a complaint if it has to be there, when neither route nor plugin says anything. */
static bool find_texts(struct filling *filling, const struct sl_field *field, struct place place,
	struct given *out)
{
	const struct member_type *type = member_type_find(field->type);
	const struct inject_option *option = find_option(filling, field->name);
	const char **one = arena_alloc(filling->arena, sizeof(*one));

	*out = (struct given){{one, 1}, option == NULL ? place : option->place, option == NULL};
	*one = option != NULL ? option->value : field->default_value;
	if (option != NULL && option->value == NULL) {
		out->texts = option->items;
		if (!type->is_list)
			complain(filling, option->place,
				"option %s is no list, but is given one; write one value",
				field->name);
		return type->is_list;
	}
	if (*one == NULL && type->set_offset == 0)
		complain(filling, place, "option %s is missing; add options: {%s: <%s>}",
			field->name, field->name, member_type_name(type));
	if (option == NULL && type->is_list)
		out->texts = texts_split(field->default_value, filling->arena);
	return *one != NULL;
}

static void fill_member(
	struct filling *filling, const struct sl_field *field, struct place place, void *where)
{
	struct given given;
	struct item item;

	member_clear(member_type_find(field->type), where);
	if (!find_texts(filling, field, place, &given))
		return;
	item = build_item(filling, field, given.place);
	fill_texts(filling, field, &item, &given, where);
	if (item.rules != NULL)
		rules_fini(item.rules);
}

bool inject_options(const struct sl_table *table, const struct inject_option *options, size_t count,
	const char *label, struct place place, struct arena *arena, const void **out,
	struct err_list *why)
{
	struct filling filling = {table, options, count, label, arena, why, true};
	char *filled;

	*out = NULL;
	if (table == NULL) {
		for (size_t i = 0; i < count; i++)
			complain(&filling, options[i].place, "the plugin has no options; remove %s",
				options[i].name);
		return filling.is_good;
	}
	for (size_t i = 0; i < count; i++)
		check_name(&filling, &options[i]);
	filled = arena_alloc(arena, table->struct_size);
	for (size_t i = 0; i < table->field_count; i++) {
		const struct sl_field field = member_field(table, i);

		fill_member(&filling, &field, place, filled + field.offset);
	}
	*out = filled;
	return filling.is_good;
}
