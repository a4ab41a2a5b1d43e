/*
 * One pass over the plan's calls. Nothing is looked up that the plan could know: names are
 * compared with the request's few pairs, results stand at offsets of one block. Errors are
 * collected to the end, as a peer wants to see all of them. Called by call/ for each handshake.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "inject/inject_value.h"
#include "inject/member.h"

enum { TEXTS = 64 }; /* bytes of them that the arguments of most connections come with */

void *inject_result_of(const struct inject_run *run, const struct plan_call *call)
{
	return run->block + call->result_offset;
}

/* ---- one member ------------------------------------------------------------------------------ */

static const struct plan_call *source_of(
	const struct inject_run *run, const struct plan_fetch *fetch)
{
	return &run->plan->calls[fetch->index];
}

static void fetch_result(const struct inject_run *run, const struct plan_fetch *fetch, void *where)
{
	const struct plan_call *source = source_of(run, fetch);

	member_copy(member_type_find(fetch->type), where,
		member_type_find(source->provider->function->type), inject_result_of(run, source));
}

/* ---- one call -------------------------------------------------------------------------------- */

static bool is_by_provider(const struct plan_fetch *fetch)
{
	return fetch->source == INJECT_PROVIDER || fetch->source == INJECT_CLAIM;
}

static bool is_message_call(const struct plan_call *call)
{
	return call->provider != NULL && call->scope == SL_SCOPE_MESSAGE;
}

/* False when there is no value; its error is noted, here or where its provider lacked one. */
static bool fill_member(struct inject_run *run, const struct plan_fetch *fetch, void *where)
{
	if (is_by_provider(fetch) && run->states[fetch->index] == INJECT_INCOMPLETE)
		return false;
	if (is_by_provider(fetch) && run->states[fetch->index] == INJECT_UNCALLED) {
		member_clear(member_type_find(fetch->type), where);
		return true;
	}
	if (fetch->source != INJECT_PROVIDER)
		return inject_value_fetch(run, fetch, where);
	fetch_result(run, fetch, where);
	return true;
}

/* For a message only what its providers give is new. */
static bool is_wanted(const struct inject_run *run, const struct plan_fetch *fetch)
{
	return !run->is_message ||
	       (is_by_provider(fetch) && is_message_call(source_of(run, fetch)));
}

/*
 * False when the struct is not complete; all its errors are noted. As in FastAPI a source's unknown
 * names are told behind what else is wrong with it, once: with the plugin's own struct.
 */
static bool fill_args(struct inject_run *run, const struct plan_call *call)
{
	char *args = run->block + call->args_offset;
	bool is_complete = true;
	size_t i = 0;

	for (unsigned source = INJECT_PATH; source <= INJECT_CLAIM; source++) {
		for (; i < call->fetch_count && call->fetches[i].source <= source; i++)
			if (is_wanted(run, &call->fetches[i]))
				is_complete &= fill_member(
					run, &call->fetches[i], args + call->fetches[i].offset);
		if (call->provider == NULL && !run->is_message)
			is_complete &= inject_value_refuse_extras(run, (enum inject_source)source);
	}
	return is_complete;
}

static size_t result_size(const struct plan_call *call)
{
	return call->provider->function == NULL ? sizeof(void *) : call->provider->function->size;
}

/* DONE: go on with the next call. */
static enum inject_result call_provider(struct inject_run *run, const struct plan_call *call)
{
	void *result = inject_result_of(run, call);

	memset(result, 0, result_size(call));
	run->provider_result = run->call(
		run->context, call, run->block + call->args_offset, result);
	if (run->stopped(run->context) ||
		(run->provider_result != SL_OK && run->provider_result != SL_LATER))
		return INJECT_STOPPED;
	if (run->provider_result == SL_LATER)
		return INJECT_WAITING;
	run->states[run->at] = INJECT_PROVIDED;
	return INJECT_DONE;
}

/* As in FastAPI a provider whose own arguments are right is called, whatever else is wrong: it
 * may refuse with more than the list of errors says. */
static enum inject_result run_call(struct inject_run *run)
{
	const struct plan_call *call = &run->plan->calls[run->at];
	bool is_own = call->provider == NULL;

	if (run->is_message && !is_own && !is_message_call(call))
		return INJECT_DONE;
	if (!fill_args(run, call)) {
		run->states[run->at] = INJECT_INCOMPLETE;
		return INJECT_DONE;
	}
	return is_own || is_message_call(call) != run->is_message ? INJECT_DONE
								  : call_provider(run, call);
}

static enum inject_result run_on(struct inject_run *run)
{
	const struct plan *plan = run->plan;

	for (; run->at < plan->call_count; run->at++) {
		enum inject_result result = run_call(run);

		if (result != INJECT_DONE)
			return result;
	}
	if (run->errors.count > 0)
		return INJECT_INVALID;
	run->args = run->block + plan->calls[plan->call_count - 1].args_offset;
	return INJECT_DONE;
}

/* Where a plugin has no fields there is nothing to write, and nothing to keep for each connection.
 */
static char *block_for(const struct plan *plan, struct arena *arena)
{
	static const max_align_t nothing;

	if (plan->call_count == 1 && plan->calls[0].fetch_count == 0 &&
		plan->block_size <= sizeof(nothing))
		return (char *)(uintptr_t)&nothing;
	arena_reserve(arena, plan->block_size + TEXTS);
	return arena_alloc(arena, plan->block_size);
}

enum inject_result inject_run(struct inject_run *run)
{
	const struct plan *plan = run->plan;

	assert(plan->call_count > 0);
	run->block = block_for(plan, run->arena);
	run->states = &run->only_state;
	if (plan->call_count > 1)
		run->states = arena_alloc(run->arena, plan->call_count * sizeof(*run->states));
	run->errors = (struct inject_errors){0};
	run->args = NULL;
	run->at = 0;
	run->is_message = false;
	return run_on(run);
}

enum inject_result inject_message(struct inject_run *run)
{
	assert(run->args != NULL);
	run->errors = (struct inject_errors){0};
	run->at = 0;
	run->is_message = true;
	return run_on(run);
}

enum inject_result inject_resume(struct inject_run *run)
{
	run->states[run->at++] = INJECT_PROVIDED;
	return run_on(run);
}

void inject_clear(const struct inject_run *run, uint32_t scope)
{
	const struct plan_call *own = &run->plan->calls[run->plan->call_count - 1];

	for (size_t i = 0; i < own->fetch_count; i++) {
		const struct plan_fetch *fetch = &own->fetches[i];

		if (is_by_provider(fetch) && source_of(run, fetch)->scope == scope)
			member_clear(member_type_find(fetch->type),
				run->block + own->args_offset + fetch->offset);
	}
}

/* What still points into the plan is, byte for byte, its default. */
static void detach_call(const struct plan_call *call, char *args, struct arena *arena)
{
	for (size_t i = 0; i < call->fetch_count; i++) {
		const struct plan_fetch *fetch = &call->fetches[i];
		const struct member_type *type = member_type_find(fetch->type);
		char *where = args + fetch->offset;

		if (fetch->default_value != NULL &&
			memcmp(where, fetch->default_value, type->value_size) == 0)
			member_own(type, where, arena);
	}
}

void inject_detach(const struct plan *plan, const void *args, struct arena *arena)
{
	const struct plan_call *own = &plan->calls[plan->call_count - 1];
	char *block = (char *)(uintptr_t)args - own->args_offset;

	for (size_t i = 0; i < plan->call_count; i++)
		detach_call(&plan->calls[i], block + plan->calls[i].args_offset, arena);
}
