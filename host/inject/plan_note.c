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
		notes[fetch->note_count++] = (struct plan_note){name, text, is_text};
}

/* A number may stand unquoted in JSON, a text or a time may not. */
static bool default_is_text(uint32_t type)
{
	uint32_t base = type & ~(uint32_t)SL_TYPE_OPTIONAL;

	return base != SL_TYPE_INT && base != SL_TYPE_DOUBLE && base != SL_TYPE_BOOL;
}

void plan_note_all(struct plan_fetch *fetch, const struct inject_rule *rule,
	const struct sl_field *field, struct arena *arena)
{
	static const char *const doc_names[INJECT_DOC_COUNT] = {
		"title", "description", "example", "deprecated", "include_in_docs"};
	const char *const own[RULES_KEY_COUNT] = {field->allow_inf_nan, field->multiple_of,
		field->le, field->lt, field->ge, field->gt, field->max_length, field->min_length,
		field->pattern};
	const char *const docs[INJECT_DOC_COUNT] = {field->title, field->description,
		field->example, field->deprecated, field->include_in_docs};
	struct plan_note *notes = arena_alloc(
		arena, (RULES_KEY_COUNT + INJECT_DOC_COUNT + 1) * sizeof(*notes));

	fetch->notes = notes;
	add(fetch, notes, "default", rule->default_text, field->default_value,
		default_is_text(field->type));
	for (int key = 0; key < RULES_KEY_COUNT; key++)
		add(fetch, notes, rules_key_name((enum rules_key)key), rule->said.texts[key],
			own[key], key == RULES_PATTERN);
	for (int doc = 0; doc < INJECT_DOC_COUNT; doc++)
		add(fetch, notes, doc_names[doc], rule->docs[doc], docs[doc],
			doc < INJECT_DEPRECATED);
}
