/*
 * A plan is a list, not a tree: providers are entered depth first, each once, so that running it
 * is one pass and a result exists before whoever takes it. Everything that can be known before a
 * request comes (sources, names as they are sent, defaults as values, offsets) is worked out here.
 * SPDX-License-Identifier: MIT
 */
#include "inject/plan.h"

#include <stdarg.h>
#include <string.h>

#include "inject/member.h"
#include "inject/plan_note.h"
#include "wire/http_head.h"

/* One struct to plan: the plugin's own, or a provider's arguments. */
struct subject {
	const struct inject_provider *provider; /* NULL: the plugin's own */
	const struct subject *taker;            /* whose field this provider fills */
	const struct sl_table *table;
	const char *label;
	struct place place;
	const struct inject_rule *rules;
	size_t rule_count;
};

struct builder {
	struct plan *plan;
	const struct plan_input *input;
	struct arena *arena;
	struct err_list *why;
	size_t call_capacity;
	bool is_good;
};

__attribute__((format(printf, 4, 5))) static void complain(struct builder *builder,
	const struct subject *subject, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(builder->why, place, "%s: %s", subject->label,
		arena_vprintf(builder->arena, format, args));
	va_end(args);
	builder->is_good = false;
}

const char *plan_type_name(uint32_t type)
{
	const struct member_type *row = member_type_find(type);

	return row == NULL ? "unknown" : row->name;
}

const char *inject_source_name(enum inject_source source)
{
	static const char *const names[] = {
		[INJECT_DEFAULT] = "path or query",
		[INJECT_PATH] = "path",
		[INJECT_QUERY] = "query",
		[INJECT_HEADER] = "header",
		[INJECT_COOKIE] = "cookie",
		[INJECT_PROVIDER] = "provider",
	};

	return names[source];
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void check_rule(
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
		complain(builder, subject, rule->place,
			"struct %s of the plugin has no field %s; did you mean %s?", table->name,
			rule->field, near);
	else
		complain(builder, subject, rule->place,
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
	return strcmp(name, type->name) == 0 || strcmp(name, value_type_name(type->base)) == 0;
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

static void resolve_path(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	const struct plan_input *input = builder->input;
	size_t index = path_index(input, fetch->name);

	fetch->index = (uint32_t)index;
	if (index == input->path_param_count)
		complain(builder, subject, rule->place,
			"field %s comes from the path, which has no {%s}; add it there, or take "
			"the field from elsewhere",
			fetch->field, fetch->name);
	if (rule->default_text != NULL)
		complain(builder, subject, rule->place,
			"field %s comes from the path, so its default \"%s\" can never be used; "
			"remove it",
			fetch->field, rule->default_text);
}

static bool truth_of(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	struct value_error error;
	union value value = {.truth = true};

	if (rule->convert_underscores != NULL &&
		!value_parse(VALUE_BOOL, span_of(rule->convert_underscores), builder->arena, &value,
			&error))
		complain(builder, subject, rule->place,
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
		complain(builder, subject, rule->place,
			"field %s: no header can be called \"%s\"; use letters, digits and -",
			fetch->field, fetch->name);
}

/* The route's default, else the plugin's. As in FastAPI it need not keep to the rules. */
static void resolve_default(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const char *plugin_default, struct plan_fetch *fetch)
{
	const struct member_type *type = member_type_find(fetch->type);
	const char *text = rule->default_text != NULL ? rule->default_text : plugin_default;
	struct value_error error;
	union value *value;

	if (text == NULL)
		return;
	value = arena_alloc(builder->arena, sizeof(*value));
	fetch->default_value = value;
	if (!value_parse(type->base, span_of(text), builder->arena, value, &error))
		complain(builder, subject, rule->place, "field %s: default \"%s\" is no %s: %s",
			fetch->field, text, value_type_name(type->base), error.message);
}

/* ---- providers ------------------------------------------------------------------------------- */

static uint32_t build_call(struct builder *builder, const struct subject *subject);

/* The call of that provider, or the count of calls. */
static uint32_t find_call(const struct plan *plan, const char *name)
{
	uint32_t i = 0;

	while (i < plan->call_count && strcmp(plan->calls[i].provider->name, name) != 0)
		i++;
	return i;
}

/* "a -> b -> a" when the provider is already being planned on the way here, else NULL. */
static const char *find_circle(
	struct builder *builder, const struct subject *subject, const char *name)
{
	const char *chain = name;

	for (; subject->provider != NULL; subject = subject->taker) {
		chain = arena_printf(builder->arena, "%s -> %s", subject->provider->name, chain);
		if (strcmp(subject->provider->name, name) == 0)
			return chain;
	}
	return NULL;
}

static void check_result(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct plan_fetch *fetch,
	const struct inject_provider *provider)
{
	const struct member_type *member = member_type_find(fetch->type);
	const struct member_type *result = member_type_find(provider->function->type);

	if (result->type == member->type || (result->type | SL_TYPE_OPTIONAL) == member->type)
		return;
	if (result->type == (member->type | SL_TYPE_OPTIONAL))
		complain(builder, subject, rule->place,
			"field %s is %s, but provider %s gives %s, which may be absent; make the "
			"member %s",
			fetch->field, member->c_name, provider->name, result->c_name,
			result->c_name);
	else
		complain(builder, subject, rule->place,
			"field %s is %s, but provider %s gives %s; make them equal", fetch->field,
			member->c_name, provider->name, result->c_name);
}

static void resolve_provider(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	const struct plan_input *input = builder->input;
	const struct inject_provider *provider = input->find_provider(input->context, fetch->name);
	const char *circle = find_circle(builder, subject, fetch->name);

	if (provider == NULL) {
		complain(builder, subject, rule->place,
			"field %s: there is no provider %s; add it to providers:, or correct the "
			"name",
			fetch->field, fetch->name);
		return;
	}
	if (circle != NULL) {
		complain(builder, subject, rule->place,
			"providers wait for each other in a circle: %s; take one of the fields "
			"from elsewhere",
			circle);
		return;
	}
	if (rule->default_text != NULL)
		complain(builder, subject, rule->place,
			"field %s comes from a provider, so its default \"%s\" can never be used; "
			"remove it",
			fetch->field, rule->default_text);
	check_result(builder, subject, rule, fetch, provider);
	fetch->index = find_call(builder->plan, provider->name);
	if (fetch->index == builder->plan->call_count)
		fetch->index = build_call(
			builder, &(struct subject){.provider = provider,
					 .taker = subject,
					 .table = provider->function->args(),
					 .label = arena_printf(builder->arena, "%s: provider %s",
						 input->label, provider->name),
					 .place = provider->place,
					 .rules = provider->rules,
					 .rule_count = provider->rule_count});
}

/* ---- rules of values ------------------------------------------------------------------------- */

static void resolve_rules(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field, struct plan_fetch *fetch)
{
	const struct rules_field compiled = {
		.label = arena_printf(builder->arena, "%s: field %s", subject->label, fetch->field),
		.place = rule->place,
		.type = member_type_find(fetch->type)->base};
	const struct rules_said own = member_said(subject->table, field, builder->arena);
	size_t before = builder->why->count;

	fetch->rules = rules_new(&compiled, &own, &rule->said, builder->arena, builder->why);
	if (builder->why->count != before)
		builder->is_good = false;
}

/* A provider's result is its author's, who can check it: rules are for what a peer sends. */
static void refuse_rules(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	for (int key = 0; key < RULES_KEY_COUNT; key++)
		if (rule->said.texts[key] != NULL)
			complain(builder, subject, rule->said.places[key],
				"field %s comes from a provider, so %s can never be checked; "
				"remove it",
				rule->field, rules_key_name((enum rules_key)key));
}

/* ---- fields and calls ------------------------------------------------------------------------ */

static enum inject_source source_of(
	const struct plan_input *input, const struct inject_rule *rule, const char *name)
{
	if (rule->source != INJECT_DEFAULT)
		return rule->source;
	return path_index(input, name) < input->path_param_count ? INJECT_PATH : INJECT_QUERY;
}

static void build_fetch(
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
	fetch->source = source_of(builder->input, &rule, fetch->name);
	if (rule.type != NULL && !type_is_named(type, rule.type))
		complain(builder, subject, rule.place,
			"field %s is %s in the plugin (%s), the file says %s; change one of them",
			field.name, type->name, type->c_name, rule.type);
	if (fetch->source == INJECT_PROVIDER) {
		refuse_rules(builder, subject, &rule);
		resolve_provider(builder, subject, &rule, fetch);
		return;
	}
	resolve_rules(builder, subject, &rule, &field, fetch);
	if (fetch->source == INJECT_PATH) {
		resolve_path(builder, subject, &rule, fetch);
		return;
	}
	if (fetch->source == INJECT_HEADER)
		resolve_header(builder, subject, &rule, fetch);
	resolve_default(builder, subject, &rule, field.default_value, fetch);
}

/* Errors are told by source, then in declared order: fetches are run in that order. */
static void sort_fetches(struct plan_fetch *fetches, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct plan_fetch moved = fetches[i];
		size_t at = i;

		for (; at > 0 && fetches[at - 1].source > moved.source; at--)
			fetches[at] = fetches[at - 1];
		fetches[at] = moved;
	}
}

/* Room in the block, aligned for any member. */
static uint32_t reserve(struct plan *plan, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	uint32_t offset = (uint32_t)plan->block_size;

	plan->block_size += (size + align - 1) & ~(align - 1);
	return offset;
}

static uint32_t add_call(struct builder *builder, struct plan_call call)
{
	struct plan *plan = builder->plan;

	if (plan->call_count == builder->call_capacity) {
		struct plan_call *old = plan->calls;

		builder->call_capacity = old == NULL ? 4 : builder->call_capacity * 2;
		plan->calls = arena_alloc(
			builder->arena, builder->call_capacity * sizeof(*plan->calls));
		if (old != NULL)
			memcpy(plan->calls, old, plan->call_count * sizeof(*old));
	}
	plan->calls[plan->call_count] = call;
	return (uint32_t)plan->call_count++;
}

static uint32_t build_call(struct builder *builder, const struct subject *subject)
{
	const struct inject_provider *provider = subject->provider;
	size_t count = subject->table->field_count;
	struct plan_call call = {.provider = provider,
		.fetches = arena_alloc(builder->arena, count * sizeof(*call.fetches)),
		.fetch_count = count};

	for (size_t i = 0; i < subject->rule_count; i++)
		check_rule(builder, subject, &subject->rules[i]);
	/* Providers of fields enter the plan here, before the call that takes their results. */
	for (size_t i = 0; i < count; i++)
		build_fetch(builder, subject, i, &call.fetches[i]);
	sort_fetches(call.fetches, count);
	call.args_offset = reserve(builder->plan, subject->table->struct_size);
	if (provider != NULL)
		call.result_offset = reserve(
			builder->plan, member_type_find(provider->function->type)->size);
	return add_call(builder, call);
}

bool plan_build(
	struct plan *out, const struct plan_input *input, struct arena *arena, struct err_list *why)
{
	struct builder builder = {
		.plan = out, .input = input, .arena = arena, .why = why, .is_good = true};

	memset(out, 0, sizeof(*out));
	build_call(&builder, &(struct subject){.table = input->table,
				     .label = input->label,
				     .place = input->place,
				     .rules = input->rules,
				     .rule_count = input->rule_count});
	return builder.is_good;
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->call_count; i++)
		for (size_t j = 0; j < plan->calls[i].fetch_count; j++)
			if (plan->calls[i].fetches[j].rules != NULL)
				rules_fini(plan->calls[i].fetches[j].rules);
	plan->call_count = 0;
}
