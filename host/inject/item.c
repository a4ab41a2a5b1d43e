/*
 * Choices are narrowed from author to author: the C enum's names, what the plugin lists beside the
 * field, what the route lists. Knows no source and no request. Called by plan_field.c and
 * inject_options.c to compile, and by inject_value.c for each value. SPDX-License-Identifier: MIT
 */
#include "inject/item.h"

#include <stdarg.h>
#include <string.h>

#include "inject/member.h"

struct compiling {
	const struct item_input *input;
	struct arena *arena;
	struct err_list *why;
};

/* What one author lists. */
struct listed {
	struct texts names;
	const char *author;
	struct place place;
};

/* The choices so far, and who made them. */
struct narrowed {
	struct choice *items;
	size_t count;
	const char *author;
	bool is_narrow; /* false: any text is fine yet */
};

__attribute__((format(printf, 3, 4))) static void complain(
	const struct compiling *compiling, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(compiling->why, place.file == NULL ? compiling->input->place : place, "%s: %s",
		compiling->input->label, arena_vprintf(compiling->arena, format, args));
	va_end(args);
}

/* ---- choices --------------------------------------------------------------------------------- */

static const struct choice *find_choice(const struct narrowed *from, const char *name)
{
	for (size_t i = 0; i < from->count; i++)
		if (strcmp(from->items[i].name, name) == 0)
			return &from->items[i];
	return NULL;
}

/* The choices that `listed` leaves of `from`. */
static struct narrowed narrow(
	const struct compiling *compiling, const struct narrowed *from, const struct listed *listed)
{
	struct narrowed out = {.author = listed->author, .is_narrow = true};

	if (listed->names.count == 0)
		complain(compiling, listed->place,
			"enum of %s is empty, which leaves no value; list some, or take it away",
			listed->author);
	out.items = arena_alloc(compiling->arena, (listed->names.count + 1) * sizeof(*out.items));
	for (size_t i = 0; i < listed->names.count; i++) {
		const char *name = listed->names.items[i];
		const struct choice *known = find_choice(from, name);

		if (find_choice(&out, name) != NULL)
			complain(compiling, listed->place,
				"enum of %s lists \"%s\" twice; list it once", listed->author,
				name);
		else if (known == NULL && from->is_narrow)
			complain(compiling, listed->place,
				"enum of %s has \"%s\", which is none of those of %s; take it "
				"away, a route may only tighten",
				listed->author, name, from->author);
		else
			out.items[out.count++] = known != NULL ? *known
							       : (struct choice){.name = name};
	}
	return out;
}

static struct narrowed names_of(
	const struct compiling *compiling, const struct sl_field *field, const char *author)
{
	struct narrowed out = {.author = author, .is_narrow = true, .count = field->name_count};

	out.items = arena_alloc(compiling->arena, (out.count + 1) * sizeof(*out.items));
	for (size_t i = 0; i < out.count; i++)
		out.items[i] = (struct choice){field->names[i].name, field->names[i].value};
	return out;
}

static void build_choices(
	const struct compiling *compiling, struct item *out, const char *plugin, const char *route)
{
	const struct item_input *input = compiling->input;
	const struct listed both[] = {
		{texts_split(input->field->enum_values, compiling->arena), plugin, input->place},
		{input->enum_values, route, input->enum_place}};
	bool is_text = out->base == VALUE_TEXT || out->base == VALUE_STR;
	struct narrowed left = {0};

	if (out->base == VALUE_ENUM)
		left = names_of(compiling, input->field, plugin);
	for (size_t i = 0; i < 2; i++) {
		if (both[i].names.items == NULL)
			continue;
		if (is_text || out->base == VALUE_ENUM)
			left = narrow(compiling, &left, &both[i]);
		else
			complain(compiling, both[i].place,
				"enum is nothing for %s; take it away, or change the field's type",
				value_type_name(out->base));
	}
	if (left.is_narrow)
		out->choices = choices_new(left.items, left.count,
			is_text ? "literal_error" : "enum", compiling->arena);
}

/* Texts with choices and rules: some choice has to keep the rules. */
static void check_contradiction(const struct compiling *compiling, const struct item *item)
{
	struct value_error ignored;
	union value value;

	if (item->choices == NULL || item->rules == NULL || item->choices->count == 0)
		return;
	for (size_t i = 0; i < item->choices->count; i++)
		if (item_read(item, span_of(item->choices->items[i].name), compiling->arena, &value,
			    &ignored))
			return;
	complain(compiling, compiling->input->place,
		"enum and the other rules leave no value; change one of them");
}

/* ---- the whole ------------------------------------------------------------------------------- */

void item_build(
	struct item *out, const struct item_input *input, struct arena *arena, struct err_list *why)
{
	const struct compiling compiling = {input, arena, why};
	const struct member_type *type = member_type_find(input->field->type);
	const struct rules_said own = member_said(input->table, input->field, arena);
	const struct rules_field field = {.label = input->label,
		.place = input->place,
		.type = type->base,
		.is_list = type->is_list};

	*out = (struct item){.base = type->base};
	build_choices(&compiling, out, own.author, input->said->author);
	out->rules = rules_new(&field, &own, input->said, arena, why);
	check_contradiction(&compiling, out);
}

bool item_parse(const struct item *item, struct span text, struct arena *arena, union value *out,
	struct value_error *error)
{
	const struct choice *choice;

	if (item->base != VALUE_ENUM)
		return value_parse(item->base, text, arena, out, error);
	choice = choices_find(item->choices, text);
	if (choice == NULL) {
		*error = item->choices->error;
		return false;
	}
	out->enumerator = choice->value;
	return true;
}

bool item_read(const struct item *item, struct span text, struct arena *arena, union value *out,
	struct value_error *error)
{
	if (item->choices != NULL && choices_find(item->choices, text) == NULL) {
		*error = item->choices->error;
		return false;
	}
	return item_parse(item, text, arena, out, error) &&
	       (item->rules == NULL || rules_check(item->rules, out, error));
}
