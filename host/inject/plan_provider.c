/*
 * A field that comes from a provider, or a provider that is only attached: which one, whether its
 * result fits and lives long enough, and its place in the plan. A call is shared by all who ask
 * for the same provider with the same security scopes. Called by plan.c and plan_field.c.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "inject/member.h"
#include "inject/plan_state.h"

/* What a taker wants: which provider, and how. */
struct wish {
	const char *name;
	const char *field; /* NULL: attached */
	struct place place;
	const char *const *scopes; /* of the taker's rule, or NULL */
	bool is_fresh;
};

static const char *chain_to(
	struct builder *builder, const struct subject *taker, const struct wish *wish)
{
	if (wish->field == NULL)
		return arena_printf(builder->arena, "%s -> provider %s", taker->label, wish->name);
	return arena_printf(
		builder->arena, "%s -> %s -> provider %s", taker->label, wish->field, wish->name);
}

/* ---- security scopes ------------------------------------------------------------------------- */

static size_t list_count(const char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

static bool list_has(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* The takers' first, as in FastAPI; none twice. */
static const char *const *join_scopes(
	struct builder *builder, const char *const *above, const char *const *more)
{
	size_t count = list_count(above);
	const char **all = arena_alloc(
		builder->arena, (count + list_count(more) + 1) * sizeof(*all));

	if (count > 0)
		memcpy(all, above, count * sizeof(*all));
	for (size_t i = 0; i < list_count(more); i++)
		if (!list_has(all, count, more[i]))
			all[count++] = more[i];
	all[count] = NULL;
	return all;
}

/* In whatever order: they ask for the same. */
static bool same_scopes(const char *const *a, const char *const *b)
{
	size_t count = list_count(a);

	if (count != list_count(b))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!list_has(b, count, a[i]))
			return false;
	return true;
}

/* ---- the call -------------------------------------------------------------------------------- */

/* The shared call of that provider, or the count of calls. */
static uint32_t find_call(
	const struct plan *plan, const struct inject_provider *provider, const char *const *scopes)
{
	uint32_t i = 0;

	for (; i < plan->call_count; i++)
		if (plan->calls[i].provider == provider && !plan->calls[i].is_fresh &&
			same_scopes(plan->calls[i].scopes, scopes))
			break;
	return i;
}

static bool is_circle(const struct subject *subject, const struct inject_provider *provider)
{
	while (subject != NULL && subject->provider != provider)
		subject = subject->taker;
	return subject != NULL;
}

static void complain_of_missing(
	struct builder *builder, const struct subject *taker, const struct wish *wish)
{
	const char *const *names = builder->input->provider_names;
	const char *near = names == NULL ? NULL : err_nearest(wish->name, names);
	const char *who = wish->field == NULL
				  ? ""
				  : arena_printf(builder->arena, "field %s: ", wish->field);

	if (near != NULL)
		plan_complain(builder, taker, wish->place,
			"%sthere is no provider %s; did you mean %s?", who, wish->name, near);
	else
		plan_complain(builder, taker, wish->place,
			"%sthere is no provider %s; add it to providers:, or correct the name", who,
			wish->name);
}

/* Whether it can be planned below that taker. */
static bool may_follow(struct builder *builder, const struct subject *taker,
	const struct wish *wish, const struct inject_provider *provider)
{
	if (is_circle(taker, provider))
		plan_complain(builder, taker, wish->place,
			"providers wait for each other in a circle: %s; take one of the fields "
			"from elsewhere",
			chain_to(builder, taker, wish));
	else if (taker->depth >= PLAN_DEPTH_MAX)
		plan_complain(builder, taker, wish->place,
			"a chain of more than %d providers; join some of them", PLAN_DEPTH_MAX);
	else if (builder->plan->call_count >= PLAN_CALLS_MAX)
		plan_complain(builder, taker, wish->place,
			"more than %d calls of providers for one connection; use `cache: false` "
			"and scopes less",
			PLAN_CALLS_MAX);
	else
		return true;
	return false;
}

/* A message's providers are called long after what the handshake's gave was released. */
static void check_scope(struct builder *builder, const struct subject *taker,
	const struct wish *wish, const struct inject_provider *provider)
{
	uint32_t own = provider->scope;

	if (taker->provider == NULL || own == SL_SCOPE_CONNECTION || own == taker->provider->scope)
		return;
	plan_complain(builder, taker, wish->place,
		"field %s of provider %s, whose scope is %s, comes from provider %s, whose scope "
		"is %s and ends before; give both the same `scope:`, or %s the scope connection",
		wish->field, taker->provider->name, plan_scope_name(taker->provider->scope),
		wish->name, plan_scope_name(own), wish->name);
}

static uint32_t plan_call_of(struct builder *builder, const struct subject *taker,
	const struct wish *wish, const struct inject_provider *provider)
{
	const char *const *scopes = join_scopes(builder, taker->scopes, wish->scopes);
	uint32_t index = find_call(builder->plan, provider, scopes);
	struct subject subject = {.provider = provider,
		.taker = taker,
		.depth = taker->depth + 1,
		.table = provider->security != NULL ? sl_no_args_table()
						    : provider->function->args(),
		.scopes = scopes,
		.is_fresh = wish->is_fresh,
		.is_attached = wish->field == NULL,
		.place = provider->place,
		.rules = provider->rules,
		.rule_count = provider->rule_count};

	if (index < builder->plan->call_count && !wish->is_fresh)
		return index;
	subject.label = chain_to(builder, taker, wish);
	return plan_add_call(builder, &subject);
}

/* The provider and in *index its call; NULL after complaints, of this load or of the plan. */
static const struct inject_provider *resolve(struct builder *builder, const struct subject *taker,
	const struct wish *wish, uint32_t *index)
{
	const struct plan_input *input = builder->input;
	const struct inject_provider *provider = input->find_provider(input->context, wish->name);

	if (provider == NULL) {
		complain_of_missing(builder, taker, wish);
		return NULL;
	}
	/* Its plugin could not be loaded, which was said. */
	if (provider->function == NULL && provider->security == NULL) {
		builder->is_good = false;
		return NULL;
	}
	if (!may_follow(builder, taker, wish, provider))
		return NULL;
	check_scope(builder, taker, wish, provider);
	*index = plan_call_of(builder, taker, wish, provider);
	return provider;
}

void plan_provider_attach(
	struct builder *builder, const struct subject *subject, const struct inject_attached *one)
{
	uint32_t ignored;

	resolve(builder, subject,
		&(struct wish){.name = one->name, .place = one->place, .scopes = one->scopes},
		&ignored);
}

/* ---- the result ------------------------------------------------------------------------------ */

/* What two types are called, for a person who has to make them equal. */
static const char *type_text(
	struct builder *builder, uint32_t type, const char *struct_name, uint32_t struct_size)
{
	if (type != SL_TYPE_STRUCT)
		return member_type_find(type)->c_name;
	return arena_printf(builder->arena, "struct %s * (%u bytes)", struct_name, struct_size);
}

static void check_result(struct builder *builder, const struct subject *subject,
	const struct sl_field *field, const struct wish *wish, const struct sl_provider *function)
{
	const char *member = type_text(
		builder, field->type, field->struct_name, field->struct_size);
	const char *result = type_text(
		builder, function->type, function->struct_name, function->struct_size);

	if (function->type == SL_TYPE_STRUCT && field->type == SL_TYPE_STRUCT &&
		(strcmp(field->struct_name, function->struct_name) != 0 ||
			field->struct_size != function->struct_size))
		plan_complain(builder, subject, wish->place,
			"field %s is %s, but provider %s gives %s; declare the struct once, in a "
			"header of both",
			wish->field, member, wish->name, result);
	else if (function->type == field->type ||
		 (function->type | SL_TYPE_OPTIONAL) == field->type)
		return;
	else if (function->type == (field->type | SL_TYPE_OPTIONAL))
		plan_complain(builder, subject, wish->place,
			"field %s is %s, but provider %s gives %s, which may be absent; make the "
			"member %s",
			wish->field, member, wish->name, result, result);
	else
		plan_complain(builder, subject, wish->place,
			"field %s is %s, but provider %s gives %s; make them equal", wish->field,
			member, wish->name, result);
}

/* One text of what a built-in provider gives. */
static void take_claim(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch,
	const struct inject_provider *provider)
{
	fetch->source = INJECT_CLAIM;
	fetch->name = rule->claim != NULL ? rule->claim : provider->default_claim;
	if (fetch->name != NULL)
		return;
	fetch->name = fetch->field;
	plan_complain(builder, subject, rule->place,
		"field %s takes from provider %s, which gives several values; say which: {from: "
		"provider, claim: …}",
		fetch->field, provider->name);
}

static void refuse_claim(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct inject_provider *provider)
{
	if (provider->is_override)
		plan_complain(builder, subject, rule->place,
			"field %s takes the claim %s of provider %s, but a plugin stands in for "
			"that in `overrides`, and its result has no claims; override it with a "
			"section, such as jwt with a key for tests",
			rule->field, rule->claim, provider->name);
	else
		plan_complain(builder, subject, rule->place,
			"field %s comes from a provider of a plugin, which gives no claims; remove "
			"`claim: %s`",
			rule->field, rule->claim);
}

static void refuse_default(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule)
{
	if (rule->default_text != NULL)
		plan_complain(builder, subject, rule->place,
			"field %s comes from a provider, so its default \"%s\" can never be used; "
			"remove it",
			rule->field, rule->default_text);
}

void plan_provider_resolve(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field, struct plan_fetch *fetch)
{
	const struct wish wish = {.name = fetch->name,
		.field = fetch->field,
		.place = rule->place,
		.scopes = rule->scopes,
		.is_fresh = rule->is_fresh};
	const struct inject_provider *provider = resolve(builder, subject, &wish, &fetch->index);

	if (provider == NULL)
		return;
	if (provider->security != NULL) {
		take_claim(builder, subject, rule, fetch, provider);
		return;
	}
	refuse_default(builder, subject, rule);
	/* Which type it has matters once it is the right thing. */
	if (rule->claim != NULL)
		refuse_claim(builder, subject, rule, provider);
	else
		check_result(builder, subject, field, &wish, provider->function);
}
