/*
 * One pass over the plan's calls. Nothing is looked up that the plan could know: names are
 * compared with the request's few pairs, results stand at offsets of one block. Errors are
 * collected to the end, as a peer wants to see all of them. Called by call/ for each handshake.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include <assert.h>
#include <string.h>

#include "inject/member.h"
#include "wire/claims.h"

void *inject_result_of(const struct inject_run *run, const struct plan_call *call)
{
	return run->block + call->result_offset;
}

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

/* A list has no one text: of several the first counts. */
static struct span claim_text(const struct inject_run *run, const struct plan_fetch *fetch)
{
	const struct plan_call *source = &run->plan->calls[fetch->index];
	const struct claims *const *claims = inject_result_of(run, source);
	const struct claim *claim = *claims == NULL ? NULL : claims_find(*claims, fetch->name);

	return claim == NULL || claim->count == 0 ? (struct span){NULL, 0}
						  : present(claim->texts[0]);
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
	case INJECT_CLAIM:
		return claim_text(run, fetch);
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
		return fetch_value(run, fetch, where);
	fetch_result(run, fetch, where);
	return true;
}

/* For a message only what its providers give is new. */
static bool is_wanted(const struct inject_run *run, const struct plan_fetch *fetch)
{
	return !run->is_message ||
	       (is_by_provider(fetch) && is_message_call(source_of(run, fetch)));
}

/* False when the struct is not complete; all its errors are noted. */
static bool fill_args(struct inject_run *run, const struct plan_call *call)
{
	char *args = run->block + call->args_offset;
	bool is_complete = true;

	for (size_t i = 0; i < call->fetch_count; i++) {
		const struct plan_fetch *fetch = &call->fetches[i];

		if (is_wanted(run, fetch))
			is_complete &= fill_member(run, fetch, args + fetch->offset);
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

enum inject_result inject_run(struct inject_run *run)
{
	const struct plan *plan = run->plan;

	assert(plan->call_count > 0);
	run->block = arena_alloc(run->arena, plan->block_size);
	run->states = arena_alloc(run->arena, plan->call_count * sizeof(*run->states));
	run->errors = (struct inject_errors){NULL, 0};
	run->args = NULL;
	run->at = 0;
	run->is_message = false;
	return run_on(run);
}

enum inject_result inject_message(struct inject_run *run)
{
	assert(run->args != NULL);
	run->errors = (struct inject_errors){NULL, 0};
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
