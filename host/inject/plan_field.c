/*
 * One field: its rule, its source, its name there, its default, what its value has to be. Knows
 * nothing of the other fields. Called by plan.c for each member of a struct.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "inject/member.h"
#include "inject/plan_note.h"
#include "inject/plan_state.h"
#include "wire/http_head.h"
#include "wire/peer_certificate.h"

/* ---- rules ----------------------------------------------------------------------------------- */

void plan_field_check_rule(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	const struct sl_table *table = subject->table;
	const char **names = arena_alloc(builder->arena, (table->field_count + 1) * sizeof(*names));
	const char *near;

	for (size_t i = 0; i < table->field_count; i++) {
		names[i] = member_field(table, i).name;
		if (strcmp(names[i], rule->field) == 0)
			return;
	}
	near = err_nearest(rule->field, names);
	if (near != NULL)
		plan_complain(builder, subject, rule->place,
			"struct %s of the plugin has no field %s; did you mean %s?", table->name,
			rule->field, near);
	else
		plan_complain(builder, subject, rule->place,
			"struct %s of the plugin has no field %s; remove the line, or add the "
			"member and its SL_FIELD",
			table->name, rule->field);
}

/* A field that no rule names has the empty one. */
static struct inject_rule rule_of(const struct subject *subject, const struct sl_field *field)
{
	struct inject_rule rule = {.field = field->name, .place = subject->place};

	for (size_t i = 0; i < subject->rule_count; i++)
		if (strcmp(subject->rules[i].field, field->name) == 0)
			rule = subject->rules[i];
	/* The plugin's alias is a name at a peer's source, never one of a provider. */
	if (rule.alias == NULL && rule.source != INJECT_PROVIDER)
		rule.alias = field->alias;
	if (rule.convert_underscores == NULL)
		rule.convert_underscores = field->convert_underscores;
	return rule;
}

/* "int" fits int and int?, "int?" only the latter. */
static bool type_is_named(const struct member_type *type, const char *name)
{
	return strcmp(name, member_type_name(type)) == 0 ||
	       (type->type != SL_TYPE_STRUCT &&
		       strcmp(name, value_form_name(type->base, type->is_list, false)) == 0);
}

/* ---- sources --------------------------------------------------------------------------------- */

/* The index of a path parameter, or their count. */
static size_t path_index(const struct plan_input *input, const char *name)
{
	size_t i = 0;

	while (i < input->path_param_count && strcmp(input->path_params[i], name) != 0)
		i++;
	return i;
}

/* What each converter lets through: a type that reads it, and texts that are typical of it. */
static const struct converter {
	const char *name;
	enum value_type type;
	const char *texts[2];
} converters[] = {
	{"int", VALUE_UINT, {"0", "1"}},
	{"float", VALUE_DOUBLE, {"1", "0.5"}},
	{"uuid", VALUE_UUID,
		{"01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef"}},
};

/* Whether the member could take anything that the converter lets through. */
static bool can_match(
	struct builder *builder, const struct item *item, const struct converter *converter)
{
	struct value_error ignored;
	union value value;

	for (size_t i = 0; item->choices == NULL && i < 2; i++)
		if (item_parse(
			    item, span_of(converter->texts[i]), builder->arena, &value, &ignored))
			return true;
	for (size_t i = 0; item->choices != NULL && i < item->choices->count; i++)
		if (value_parse(converter->type, span_of(item->choices->items[i].name),
			    builder->arena, &value, &ignored))
			return true;
	return false;
}

static void check_converter(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct plan_fetch *fetch, const char *name)
{
	for (size_t i = 0; i < sizeof(converters) / sizeof(converters[0]); i++)
		if (strcmp(converters[i].name, name) == 0 &&
			!can_match(builder, &fetch->item, &converters[i]))
			plan_complain(builder, subject, rule->place,
				"field %s is %s, which nothing that {%s:%s} lets through can be; "
				"change one of them",
				fetch->field, member_type_name(member_type_find(fetch->type)),
				fetch->name, name);
}

static void resolve_path(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	const struct plan_input *input = builder->input;
	size_t index = path_index(input, fetch->name);

	fetch->index = (uint32_t)index;
	if (index == input->path_param_count && !input->is_any_path)
		plan_complain(builder, subject, rule->place,
			"field %s comes from the path, which has no {%s}; add it there, or take "
			"the field from elsewhere",
			fetch->field, fetch->name);
	else if (member_type_find(fetch->type)->is_list)
		plan_complain(builder, subject, rule->place,
			"field %s is a list, and the path has each of its parameters once; take it "
			"from the query, headers or cookies, or make it no list",
			fetch->field);
	else if (input->path_converters != NULL)
		check_converter(builder, subject, rule, fetch, input->path_converters[index]);
	if (rule->default_text != NULL || rule->default_items.items != NULL)
		plan_complain(builder, subject, rule->place,
			"field %s comes from the path, so its default%s%s%s can never be used; "
			"remove it",
			fetch->field, rule->default_text != NULL ? " \"" : "",
			rule->default_text != NULL ? rule->default_text : "",
			rule->default_text != NULL ? "\"" : "");
}

static bool truth_of(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	struct value_error error;
	union value value = {.truth = true};

	if (rule->convert_underscores != NULL &&
		!value_parse(VALUE_BOOL, span_of(rule->convert_underscores), builder->arena, &value,
			&error))
		plan_complain(builder, subject, rule->place,
			"field %s: convert_underscores \"%s\" is no bool; write true or false",
			rule->field, rule->convert_underscores);
	return value.truth;
}

/* As FastAPI: x_token is sent as x-token, unless an alias or convert_underscores says otherwise. */
static void resolve_header(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	char *name = arena_text(builder->arena, fetch->name, strlen(fetch->name));
	bool converts = rule->alias == NULL && truth_of(builder, subject, rule);

	fetch->name = name;
	for (; converts && *name != '\0'; name++)
		if (*name == '_')
			*name = '-';
	if (!http_is_token(span_of(fetch->name)))
		plan_complain(builder, subject, rule->place,
			"field %s: no header can be called \"%s\"; use letters, digits and -",
			fetch->field, fetch->name);
}

static void resolve_certificate(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	const char *near = err_nearest(fetch->name, peer_certificate_names);

	fetch->index = peer_certificate_find(fetch->name);
	if (fetch->index == PEER_CERTIFICATE_COUNT && near != NULL)
		plan_complain(builder, subject, rule->place,
			"field %s: a certificate has no %s; did you mean %s?", fetch->field,
			fetch->name, near);
	else if (fetch->index == PEER_CERTIFICATE_COUNT)
		plan_complain(builder, subject, rule->place,
			"field %s: a certificate has no %s; give one of subject, common_name, "
			"issuer, serial, fingerprint, not_before, not_after, dns, email with alias",
			fetch->field, fetch->name);
	else if (member_type_find(fetch->type)->is_list)
		plan_complain(builder, subject, rule->place,
			"field %s is a list, and a certificate gives each text once; make it no "
			"list",
			fetch->field);
}

/* ---- defaults -------------------------------------------------------------------------------- */

/* The route's default, else the plugin's; items is NULL when there is none. */
static struct texts default_of(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field)
{
	const char **one = arena_alloc(builder->arena, sizeof(*one));
	bool is_list = member_type_find(field->type)->is_list;

	if (rule->default_items.items != NULL) {
		if (!is_list)
			plan_complain(builder, subject, rule->place,
				"field %s is no list, but its default is one; write one value",
				field->name);
		return is_list ? rule->default_items : (struct texts){NULL, 0};
	}
	if (rule->default_text == NULL && is_list)
		return texts_split(field->default_value, builder->arena);
	*one = rule->default_text != NULL ? rule->default_text : field->default_value;
	return *one != NULL ? (struct texts){one, 1} : (struct texts){NULL, 0};
}

/* As in FastAPI a default need not keep to the rules. */
static void resolve_default(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field, struct plan_fetch *fetch)
{
	const struct member_type *type = member_type_find(fetch->type);
	const struct texts texts = default_of(builder, subject, rule, field);
	size_t size = value_size(type->base);
	struct value_error error;
	char *items, *member;
	union value value;

	if (texts.items == NULL)
		return;
	items = arena_alloc(builder->arena, texts.count * size);
	member = arena_alloc(builder->arena, type->size);
	fetch->default_value = member;
	for (size_t i = 0; i < texts.count; i++) {
		if (item_parse(
			    &fetch->item, span_of(texts.items[i]), builder->arena, &value, &error))
			value_store(type->base, &value, items + i * size);
		else
			plan_complain(builder, subject, rule->place,
				"field %s: default \"%s\" is no %s: %s", fetch->field,
				texts.items[i], value_type_name(type->base), error.message);
	}
	if (type->is_list)
		member_store_list(type, member, items, texts.count);
	else
		member_store(type, member, &value);
}

/* ---- rules of values ------------------------------------------------------------------------- */

static void resolve_item(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field, struct plan_fetch *fetch)
{
	const struct item_input input = {
		.label = arena_printf(builder->arena, "%s: field %s", subject->label, fetch->field),
		.place = rule->place,
		.table = subject->table,
		.field = field,
		.said = &rule->said,
		.enum_values = rule->enum_values,
		.enum_place = rule->enum_place};
	size_t before = builder->why->count;

	item_build(&fetch->item, &input, builder->arena, builder->why);
	if (builder->why->count != before)
		builder->is_good = false;
}

/* A provider's result is its author's, who can check it: rules are for what a peer sends. */
static void refuse_rules(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	for (int key = 0; key < RULES_KEY_COUNT; key++)
		if (rule->said.texts[key] != NULL)
			plan_complain(builder, subject, rule->said.places[key],
				"field %s comes from a provider, so %s can never be checked; "
				"remove it",
				rule->field, rules_key_name((enum rules_key)key));
	if (rule->enum_values.items != NULL)
		plan_complain(builder, subject, rule->enum_place,
			"field %s comes from a provider, so enum can never be checked; remove it",
			rule->field);
}

static void complain_of_struct(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field)
{
	plan_complain(builder, subject, rule->place,
		"field %s is a pointer to struct %s, which only a provider can give; add \"%s: "
		"provider\" to inject:",
		field->name, field->struct_name, field->name);
}

/* What only providers understand. */
static void refuse_provider_words(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	const char *word = rule->claim != NULL    ? "claim"
			   : rule->scopes != NULL ? "scopes"
			   : rule->is_fresh       ? "cache"
						  : NULL;

	if (word != NULL)
		plan_complain(builder, subject, rule->place,
			"field %s does not come from a provider, so its %s can never be used; "
			"write \"from: provider\", or remove it",
			rule->field, word);
}

/* ---- the field ---------------------------------------------------------------------------------
 */

static enum inject_source source_of(
	const struct plan_input *input, const struct inject_rule *rule, const char *name)
{
	if (rule->source != INJECT_DEFAULT)
		return rule->source;
	return path_index(input, name) < input->path_param_count ? INJECT_PATH : INJECT_QUERY;
}

void plan_field_build(
	struct builder *builder, const struct subject *subject, size_t i, struct plan_fetch *fetch)
{
	const struct sl_field field = member_field(subject->table, i);
	const struct inject_rule rule = rule_of(subject, &field);
	const struct member_type *type = member_type_find(field.type);

	fetch->field = field.name;
	fetch->name = rule.alias == NULL ? field.name : rule.alias;
	plan_note_all(fetch, &rule, &field, builder->arena);
	fetch->offset = field.offset;
	fetch->type = field.type;
	fetch->place = rule.place;
	fetch->source = source_of(builder->input, &rule, fetch->name);
	if (rule.type != NULL && !type_is_named(type, rule.type))
		plan_complain(builder, subject, rule.place,
			"field %s is %s in the plugin (%s), the file says %s; change one of them",
			field.name, member_type_name(type), type->c_name, rule.type);
	if (fetch->source == INJECT_PROVIDER)
		plan_provider_resolve(builder, subject, &rule, &field, fetch);
	else
		refuse_provider_words(builder, subject, &rule);
	if (fetch->source == INJECT_PROVIDER) {
		refuse_rules(builder, subject, &rule);
		return;
	}
	if (field.type == SL_TYPE_STRUCT) {
		complain_of_struct(builder, subject, &rule, &field);
		return;
	}
	resolve_item(builder, subject, &rule, &field, fetch);
	if (fetch->source == INJECT_PATH) {
		resolve_path(builder, subject, &rule, fetch);
		return;
	}
	if (fetch->source == INJECT_CERTIFICATE)
		resolve_certificate(builder, subject, &rule, fetch);
	if (fetch->source == INJECT_HEADER)
		resolve_header(builder, subject, &rule, fetch);
	resolve_default(builder, subject, &rule, &field, fetch);
}
