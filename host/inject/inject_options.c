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

/* The rules beside the option's field hold for this one reading and are gone after it. */
static bool keeps_rules(struct filling *filling, const struct sl_field *field, struct place place,
	const union value *value, struct value_error *error)
{
	const struct rules_field compiled = {
		.label = arena_printf(filling->arena, "%s: option %s", filling->label, field->name),
		.place = place,
		.type = member_type_find(field->type)->base};
	const struct rules_said own = member_said(filling->table, field, filling->arena);
	const struct rules_said nothing = {.author = "the route"};
	size_t before = filling->why->count;
	struct rules *rules = rules_new(&compiled, &own, &nothing, filling->arena, filling->why);
	bool is_kept = rules == NULL || rules_check(rules, value, error);

	if (filling->why->count != before)
		filling->is_good = false;
	if (rules != NULL)
		rules_fini(rules);
	return is_kept;
}

static void fill_default(
	struct filling *filling, const struct sl_field *field, struct place place, void *where)
{
	const struct member_type *type = member_type_find(field->type);
	struct value_error error;
	union value value;

	if (field->default_value == NULL && type->set_offset == 0)
		complain(filling, place, "option %s is missing; add options: {%s: <%s>}",
			field->name, field->name, type->name);
	if (field->default_value == NULL)
		return;
	if (value_parse(type->base, span_of(field->default_value), filling->arena, &value, &error))
		member_store(type, where, &value);
	else
		complain(filling, place, "option %s: the plugin's default \"%s\" is no %s: %s",
			field->name, field->default_value, value_type_name(type->base),
			error.message);
}

static void fill_member(
	struct filling *filling, const struct sl_field *field, struct place place, void *where)
{
	const struct member_type *type = member_type_find(field->type);
	const struct inject_option *option = find_option(filling, field->name);
	struct value_error error;
	union value value;

	member_clear(type, where);
	if (option == NULL)
		fill_default(filling, field, place, where);
	else if (!value_parse(type->base, span_of(option->value), filling->arena, &value, &error))
		complain(filling, option->place, "option %s: \"%s\" is no %s: %s", field->name,
			option->value, value_type_name(type->base), error.message);
	else if (keeps_rules(filling, field, option->place, &value, &error))
		member_store(type, where, &value);
	else
		complain(filling, option->place, "option %s: found \"%s\": %s", field->name,
			option->value, error.message);
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
