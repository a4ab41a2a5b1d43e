/*
 * What the files of inject/plan*.c share while a plan is built: plan.c goes through structs and
 * calls, plan_field.c finds out where one field comes from, plan_provider.c which provider gives
 * it. Private to inject/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_PLAN_STATE_H
#define SOCKLET_INJECT_PLAN_STATE_H

#include "inject/plan.h"

/* One struct to plan: the plugin's own, or a provider's arguments. */
struct subject {
	const struct inject_provider *provider; /* NULL: the plugin's own */
	const struct subject *taker;            /* whose field this provider fills */
	unsigned depth;                         /* takers above it */
	const struct sl_table *table;
	const char *label;         /* the chain to it: "route /x -> user -> provider p" */
	const char *const *scopes; /* security: of all takers; NULL-ended */
	bool is_fresh, is_attached;
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

__attribute__((format(printf, 4, 5))) void plan_complain(struct builder *builder,
	const struct subject *subject, struct place place, const char *format, ...);
/* Adds the call of the subject's struct behind those of the providers it needs; its index. */
uint32_t plan_add_call(struct builder *builder, const struct subject *subject);
/* Complains of a rule for a field that the subject does not have. */
void plan_field_check_rule(
	struct builder *builder, const struct subject *subject, const struct inject_rule *rule);
/* Fills *fetch for the i-th field of the subject. */
void plan_field_build(
	struct builder *builder, const struct subject *subject, size_t i, struct plan_fetch *fetch);
/*
 * Finds the provider that fetch->name names, and its call, planned now if it is the first. From a
 * built-in one the source becomes INJECT_CLAIM and the name the claim's.
 */
void plan_provider_resolve(struct builder *builder, const struct subject *subject,
	const struct inject_rule *rule, const struct sl_field *field, struct plan_fetch *fetch);
/* Plans what is attached to the route. */
void plan_provider_attach(
	struct builder *builder, const struct subject *subject, const struct inject_attached *one);

#endif
