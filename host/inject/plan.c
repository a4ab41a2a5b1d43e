/*
 * A plan is a list, not a tree: providers are entered depth first, each once, so that running it
 * is one pass and a result exists before whoever takes it. Everything that can be known before a
 * request comes (sources, names as they are sent, defaults as values, offsets) is worked out here.
 * SPDX-License-Identifier: MIT
 */
#include "inject/plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "inject/member.h"
#include "inject/plan_state.h"

void plan_complain(struct builder *builder, const struct subject *subject, struct place place,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(builder->why, place, "%s: %s", subject->label,
		arena_vprintf(builder->arena, format, args));
	va_end(args);
	builder->is_good = false;
}

const char *plan_claimed_of(const struct plan *plan, const struct plan_fetch *fetch)
{
	return fetch->source == INJECT_CLAIM ? plan->calls[fetch->index].provider->name : NULL;
}

const char *plan_type_name(uint32_t type)
{
	const struct member_type *row = member_type_find(type);

	return row == NULL ? "unknown" : member_type_name(row);
}

const char *plan_scope_name(uint32_t scope)
{
	static const char *const names[] = {[SL_SCOPE_CONNECTION] = "connection",
		[SL_SCOPE_HANDSHAKE] = "handshake",
		[SL_SCOPE_MESSAGE] = "message"};

	return scope < sizeof(names) / sizeof(names[0]) ? names[scope] : NULL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

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

static size_t result_size(const struct inject_provider *provider)
{
	return provider->security != NULL ? sizeof(void *)
					  : member_type_find(provider->function->type)->size;
}

uint32_t plan_add_call(struct builder *builder, const struct subject *subject)
{
	const struct inject_provider *provider = subject->provider;
	size_t count = subject->table->field_count;
	struct plan_call call = {.provider = provider,
		.fetches = arena_alloc(builder->arena, count * sizeof(*call.fetches)),
		.fetch_count = count,
		.scope = provider == NULL ? (uint32_t)SL_SCOPE_CONNECTION : provider->scope,
		.scopes = subject->scopes,
		.is_fresh = subject->is_fresh,
		.is_attached = subject->is_attached};

	for (size_t i = 0; i < subject->rule_count; i++)
		plan_field_check_rule(builder, subject, &subject->rules[i]);
	/* Providers of fields enter the plan here, before the call that takes their results. */
	for (size_t i = 0; i < count; i++)
		plan_field_build(builder, subject, i, &call.fetches[i]);
	sort_fetches(call.fetches, count);
	call.args_offset = reserve(builder->plan, subject->table->struct_size);
	if (provider != NULL) {
		call.result_offset = reserve(builder->plan, result_size(provider));
		builder->plan->scopes |= 1u << call.scope;
	}
	return add_call(builder, call);
}

/* ---- strict sources -------------------------------------------------------------------------- */

/* By length first: most names differ in it. */
int plan_compare_names(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->len == 0 ? 0 : memcmp(x->ptr, y->ptr, x->len);
}

static size_t looked_count(const struct plan_call *call)
{
	return call->provider == NULL ? 0 : call->provider->looked_count;
}

static void collect_names(
	struct builder *builder, struct plan_names *out, enum inject_source source, bool is_strict)
{
	const struct plan *plan = builder->plan;
	size_t most = 0;

	if (!is_strict)
		return;
	for (size_t i = 0; i < plan->call_count; i++)
		most += plan->calls[i].fetch_count + looked_count(&plan->calls[i]);
	out->is_strict = true;
	out->names = arena_alloc(builder->arena, most * sizeof(*out->names));
	for (size_t i = 0; i < plan->call_count; i++) {
		const struct plan_call *call = &plan->calls[i];

		for (size_t j = 0; j < call->fetch_count; j++)
			if (call->fetches[j].source == source)
				out->names[out->count++] = span_of(call->fetches[j].name);
		for (size_t j = 0; j < looked_count(call); j++)
			if (call->provider->looked[j].source == source)
				out->names[out->count++] = span_of(call->provider->looked[j].name);
	}
	qsort(out->names, out->count, sizeof(*out->names), plan_compare_names);
}

bool plan_build(
	struct plan *out, const struct plan_input *input, struct arena *arena, struct err_list *why)
{
	struct builder builder = {
		.plan = out, .input = input, .arena = arena, .why = why, .is_good = true};
	static const char *const no_scopes[] = {NULL};
	const struct subject own = {.table = input->table,
		.label = input->label,
		.scopes = no_scopes,
		.place = input->place,
		.rules = input->rules,
		.rule_count = input->rule_count};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < input->attached_count; i++)
		plan_provider_attach(&builder, &own, &input->attached[i]);
	plan_add_call(&builder, &own);
	collect_names(&builder, &out->query, INJECT_QUERY, input->is_query_strict);
	collect_names(&builder, &out->cookies, INJECT_COOKIE, input->is_cookie_strict);
	return builder.is_good;
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->call_count; i++)
		for (size_t j = 0; j < plan->calls[i].fetch_count; j++)
			if (plan->calls[i].fetches[j].item.rules != NULL)
				rules_fini(plan->calls[i].fetches[j].item.rules);
	plan->call_count = 0;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* A struct security is built anew with each generation: two are never the same. */
static bool is_same_provider(const struct inject_provider *a, const struct inject_provider *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->owner == b->owner && a->function == b->function && a->function != NULL;
}

static bool is_same_fetch(const struct plan_fetch *a, const struct plan_fetch *b)
{
	return strcmp(a->field, b->field) == 0 && a->source == b->source && a->index == b->index &&
	       a->offset == b->offset && a->type == b->type;
}

static bool is_same_call(const struct plan_call *a, const struct plan_call *b)
{
	if (!is_same_provider(a->provider, b->provider) || a->scope != b->scope ||
		a->args_offset != b->args_offset || a->result_offset != b->result_offset ||
		a->fetch_count != b->fetch_count)
		return false;
	for (size_t i = 0; i < a->fetch_count; i++)
		if (!is_same_fetch(&a->fetches[i], &b->fetches[i]))
			return false;
	return true;
}

bool plan_is_alike(const struct plan *a, const struct plan *b)
{
	if (a->call_count != b->call_count || a->block_size != b->block_size)
		return false;
	for (size_t i = 0; i < a->call_count; i++)
		if (!is_same_call(&a->calls[i], &b->calls[i]))
			return false;
	return true;
}
