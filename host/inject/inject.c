/*
 * One pass over the plan's calls. Nothing is looked up that the plan could know: names are
 * compared with the request's few pairs, results stand at offsets of one block. Errors are
 * collected to the end, as a peer wants to see all of them. Called by call/ for each handshake.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include <assert.h>

#include "inject/member.h"

struct progress {
	struct inject_run *run;
	char *block;
	bool *has_failed; /* one a call: it had errors, or a provider of its arguments had */
};

/* ---- sources --------------------------------------------------------------------------------- */

/* A value that is there may be an empty span with a NULL, which here would say absent. */
static struct span present(struct span text)
{
	return text.ptr == NULL ? SPAN("") : text;
}

static struct span last_of(const struct pair *pairs, size_t count, struct span name)
{
	while (count-- > 0)
		if (span_equal(pairs[count].name, name))
			return present(pairs[count].value);
	return (struct span){NULL, 0};
}

/* Header bytes above 0x7f are Latin-1 characters; all texts that are handed on are UTF-8. */
static struct span latin1_decode(struct span text, struct arena *arena)
{
	size_t i = 0, len = 0;
	char *copy;

	while (i < text.len && (text.ptr[i] & '\x80') == 0)
		i++;
	if (i == text.len)
		return text;
	copy = arena_alloc(arena, text.len * 2);
	for (i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c >= 0x80)
			copy[len++] = (char)(0xc0 | c >> 6);
		copy[len++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return (struct span){copy, len};
}

/* ptr is NULL when the request does not carry it. */
static struct span find_text(const struct inject_run *run, const struct plan_fetch *fetch)
{
	const struct inject_request *request = run->request;
	struct span name = span_of(fetch->name), text = {NULL, 0};

	switch (fetch->source) {
	case INJECT_PATH:
		return present(request->path_params[fetch->index]);
	case INJECT_QUERY:
		return last_of(request->query, request->query_count, name);
	case INJECT_COOKIE:
		return last_of(request->cookies, request->cookie_count, name);
	case INJECT_HEADER:
		text = http_header_get(request->head, name, 0);
		return text.ptr == NULL ? text : latin1_decode(text, run->arena);
	case INJECT_PROVIDER:
	case INJECT_DEFAULT:
		break;
	}
	return text;
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* At most one a fetch: the list is allocated when the first one comes. */
static void add_error(struct inject_run *run, const struct plan_fetch *fetch,
	const struct value_error *error, struct span input)
{
	struct inject_errors *errors = &run->errors;
	size_t most = 0;

	if (errors->items == NULL) {
		for (size_t i = 0; i < run->plan->call_count; i++)
			most += run->plan->calls[i].fetch_count;
		errors->items = arena_alloc(run->arena, most * sizeof(*errors->items));
	}
	errors->items[errors->count++] = (struct inject_error){.type = error->type,
		.message = error->message,
		.source = inject_source_name(fetch->source),
		.name = fetch->name,
		.input = input,
		.has_input = input.ptr != NULL,
		.ctx_name = error->ctx_name,
		.ctx_value = error->ctx_value,
		.ctx_is_number = error->ctx_is_number};
}

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

/* What the request does not carry: the default, nothing, or an error. */
static bool fetch_absent(struct inject_run *run, const struct plan_fetch *fetch,
	const struct member_type *type, void *where)
{
	static const struct value_error missing = {.type = "missing", .message = "Field required"};

	if (fetch->default_value != NULL)
		member_store(type, where, fetch->default_value);
	else if (type->set_offset > 0)
		member_clear(type, where);
	else {
		add_error(run, fetch, &missing, (struct span){NULL, 0});
		return false;
	}
	return true;
}

static bool fetch_value(struct inject_run *run, const struct plan_fetch *fetch, void *where)
{
	const struct member_type *type = member_type_find(fetch->type);
	struct span text = find_text(run, fetch);
	struct value_error error;
	union value value;

	if (text.ptr == NULL)
		return fetch_absent(run, fetch, type, where);
	if (!value_parse(type->base, text, run->arena, &value, &error) ||
		(fetch->rules != NULL && !rules_check(fetch->rules, &value, &error))) {
		add_error(run, fetch, &error, text);
		return false;
	}
	member_store(type, where, &value);
	return true;
}

/* ---- one call -------------------------------------------------------------------------------- */

/* False when the struct is not complete; all its errors are noted. */
static bool fill_args(const struct progress *progress, const struct plan_call *call)
{
	char *args = progress->block + call->args_offset;
	bool is_complete = true;

	for (size_t i = 0; i < call->fetch_count; i++) {
		const struct plan_fetch *fetch = &call->fetches[i];
		void *where = args + fetch->offset;

		is_complete &= fetch->source == INJECT_PROVIDER
				       ? fetch_result(progress, fetch, where)
				       : fetch_value(progress->run, fetch, where);
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
	run->errors = (struct inject_errors){NULL, 0};
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
