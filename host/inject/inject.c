/*
 * One pass over the plan's calls. Nothing is looked up that the plan could know: names are
 * compared with the request's few pairs, results stand at offsets of one block. Errors are
 * collected to the end, as a peer wants to see all of them. Called by call/ for each handshake.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include <assert.h>

#include "inject/inject_value.h"
#include "inject/member.h"

struct progress {
	struct inject_run *run;
	char *block;
	bool *has_failed; /* one a call: it had errors, or a provider of its arguments had */
};

/* ---- one member ------------------------------------------------------------------------------ */

static bool fetch_result(
	const struct progress *progress, const struct plan_fetch *fetch, void *where)
{
	const struct plan_call *source = &progress->run->plan->calls[fetch->index];

	if (progress->has_failed[fetch->index])
		return false;
	member_copy(member_type_find(fetch->type), where,
		member_type_find(source->provider->function->type),
		progress->block + source->result_offset);
	return true;
}

/* ---- one call -------------------------------------------------------------------------------- */

static bool fetch_member(
	const struct progress *progress, const struct plan_fetch *fetch, void *where)
{
	return fetch->source == INJECT_PROVIDER ? fetch_result(progress, fetch, where)
						: inject_value_fetch(progress->run, fetch, where);
}

/*
 * False when the struct is not complete; all its errors are noted. As in FastAPI a source's unknown
 * names are told behind what else is wrong with it, once: with the plugin's own struct.
 */
static bool fill_args(const struct progress *progress, const struct plan_call *call)
{
	char *args = progress->block + call->args_offset;
	bool is_complete = true;
	size_t i = 0;

	for (unsigned source = INJECT_PATH; source <= INJECT_PROVIDER; source++) {
		for (; i < call->fetch_count && call->fetches[i].source <= source; i++)
			is_complete &= fetch_member(
				progress, &call->fetches[i], args + call->fetches[i].offset);
		if (call->provider == NULL)
			is_complete &= inject_value_refuse_extras(
				progress->run, (enum inject_source)source);
	}
	return is_complete;
}

/* False when the provider ended it all. */
static bool call_provider(const struct progress *progress, const struct plan_call *call)
{
	struct inject_run *run = progress->run;

	run->provider_result = run->call(run->context, call->provider,
		progress->block + call->args_offset, progress->block + call->result_offset);
	return run->provider_result == SL_OK && !run->stopped(run->context);
}

enum inject_result inject_run(struct inject_run *run)
{
	const struct plan *plan = run->plan;
	struct progress progress = {run, arena_alloc(run->arena, plan->block_size),
		arena_alloc(run->arena, plan->call_count * sizeof(*progress.has_failed))};

	assert(plan->call_count > 0);
	run->errors = (struct inject_errors){0};
	run->args = NULL;
	for (size_t i = 0; i < plan->call_count; i++) {
		const struct plan_call *call = &plan->calls[i];

		/* As in FastAPI a provider whose own arguments are right is called, whatever else
		 * is wrong: it may refuse with more than the list of errors says. */
		progress.has_failed[i] = !fill_args(&progress, call);
		if (call->provider != NULL && !progress.has_failed[i] &&
			!call_provider(&progress, call))
			return INJECT_STOPPED;
	}
	if (run->errors.count > 0)
		return INJECT_INVALID;
	run->args = progress.block + plan->calls[plan->call_count - 1].args_offset;
	return INJECT_DONE;
}
