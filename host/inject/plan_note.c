/*
 * Notes are texts as their authors wrote them, in one order for all fields. They change nothing of
 * what a plan does. Called by plan.c; `socklet routes` prints them. SPDX-License-Identifier: MIT
 */
#include "inject/plan_note.h"

static void add(struct plan_fetch *fetch, struct plan_note *notes, const char *name,
	const char *route, const char *plugin, bool is_text)
{
	const char *text = route != NULL ? route : plugin;

	if (text != NULL)
		notes[fetch->note_count++] = (struct plan_note){
			.name = name, .text = text, .is_text = is_text};
}

static void add_list(struct plan_fetch *fetch, struct plan_note *notes, const char *name,
	struct texts items, bool is_text)
{
	if (items.items != NULL)
		notes[fetch->note_count++] = (struct plan_note){
			.name = name, .items = items, .is_text = is_text};
}

/* A number may stand unquoted in JSON, a text or a time may not. */
static bool default_is_text(uint32_t type)
{
	uint32_t base = type & ~(uint32_t)(SL_TYPE_OPTIONAL | SL_TYPE_LIST);

	return base != SL_TYPE_INT && base != SL_TYPE_DOUBLE && base != SL_TYPE_BOOL;
}

static void add_default(struct plan_fetch *fetch, struct plan_note *notes,
	const struct inject_rule *rule, const struct sl_field *field, struct arena *arena)
{
	bool is_text = default_is_text(field->type);

	if (rule->default_items.items != NULL)
		add_list(fetch, notes, "default", rule->default_items, is_text);
	else if (rule->default_text == NULL && (field->type & SL_TYPE_LIST))
		add_list(
			fetch, notes, "default", texts_split(field->default_value, arena), is_text);
	else
		add(fetch, notes, "default", rule->default_text, field->default_value, is_text);
}

/* What may be sent: the route's choice of it, the plugin's, or all names of the C enum. */
static void add_enum(struct plan_fetch *fetch, struct plan_note *notes,
	const struct inject_rule *rule, const struct sl_field *field, struct arena *arena)
{
	struct texts texts = rule->enum_values;
	const char **names;

	if (texts.items == NULL)
		texts = texts_split(field->enum_values, arena);
	if (texts.items == NULL && field->names != NULL) {
		names = arena_alloc(arena, field->name_count * sizeof(*names));
		for (size_t i = 0; i < field->name_count; i++)
			names[i] = field->names[i].name;
		texts = (struct texts){names, field->name_count};
	}
	add_list(fetch, notes, "enum", texts, true);
}

void plan_note_all(struct plan_fetch *fetch, const struct inject_rule *rule,
	const struct sl_field *field, struct arena *arena)
{
	static const char *const doc_names[INJECT_DOC_COUNT] = {
		"title", "description", "example", "deprecated", "include_in_docs"};
	const char *const own[RULES_KEY_COUNT] = {field->allow_inf_nan, field->multiple_of,
		field->le, field->lt, field->ge, field->gt, field->max_length, field->min_length,
		field->pattern, field->max_items, field->min_items};
	const char *const docs[INJECT_DOC_COUNT] = {field->title, field->description,
		field->example, field->deprecated, field->include_in_docs};
	struct plan_note *notes = arena_alloc(
		arena, (RULES_KEY_COUNT + INJECT_DOC_COUNT + 2) * sizeof(*notes));

	fetch->notes = notes;
	add_default(fetch, notes, rule, field, arena);
	add_enum(fetch, notes, rule, field, arena);
	for (int key = 0; key < RULES_KEY_COUNT; key++)
		add(fetch, notes, rules_key_name((enum rules_key)key), rule->said.texts[key],
			own[key], key == RULES_PATTERN);
	for (int doc = 0; doc < INJECT_DOC_COUNT; doc++)
		add(fetch, notes, doc_names[doc], rule->docs[doc], docs[doc],
			doc < INJECT_DEPRECATED);
}
