/*
 * A field that comes from a provider: which one, whether its result fits, and its place in the
 * plan. Called by plan_field.c. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "inject/member.h"
#include "inject/plan_state.h"

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
		plan_complain(builder, subject, rule->place,
			"field %s is %s, but provider %s gives %s, which may be absent; make the "
			"member %s",
			fetch->field, member->c_name, provider->name, result->c_name,
			result->c_name);
	else
		plan_complain(builder, subject, rule->place,
			"field %s is %s, but provider %s gives %s; make them equal", fetch->field,
			member->c_name, provider->name, result->c_name);
}

void plan_provider_resolve(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, struct plan_fetch *fetch)
{
	const struct plan_input *input = builder->input;
	const struct inject_provider *provider = input->find_provider(input->context, fetch->name);
	const char *circle = find_circle(builder, subject, fetch->name);

	if (provider == NULL) {
		plan_complain(builder, subject, rule->place,
			"field %s: there is no provider %s; add it to providers:, or correct the "
			"name",
			fetch->field, fetch->name);
		return;
	}
	if (circle != NULL) {
		plan_complain(builder, subject, rule->place,
			"providers wait for each other in a circle: %s; take one of the fields "
			"from elsewhere",
			circle);
		return;
	}
	if (rule->default_text != NULL)
		plan_complain(builder, subject, rule->place,
			"field %s comes from a provider, so its default \"%s\" can never be used; "
			"remove it",
			fetch->field, rule->default_text);
	check_result(builder, subject, rule, fetch, provider);
	fetch->index = find_call(builder->plan, provider->name);
	if (fetch->index == builder->plan->call_count)
		fetch->index = plan_add_call(
			builder, &(struct subject){.provider = provider,
					 .taker = subject,
					 .table = provider->function->args(),
					 .label = arena_printf(builder->arena, "%s: provider %s",
						 input->label, provider->name),
					 .place = provider->place,
					 .rules = provider->rules,
					 .rule_count = provider->rule_count});
}
