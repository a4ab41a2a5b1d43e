/*
 * Finds texts by name in path, query, headers and cookies, has them read, and notes what is wrong.
 * Knows no provider and no other member. Called by inject.c for each member of a struct.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject_value.h"

#include <stdlib.h>
#include <string.h>

#include "inject/member.h"
#include "wire/claims.h"

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

/* NULL when nothing was given, or it says nothing of that name. */
static const struct claim *find_claim(const struct inject_run *run, const struct plan_fetch *fetch)
{
	const struct plan_call *source = &run->plan->calls[fetch->index];
	const struct claims *const *claims = inject_result_of(run, source);

	return *claims == NULL ? NULL : claims_find(*claims, fetch->name);
}

/* A list has no one text: of several the first counts. */
static struct span claim_text(const struct inject_run *run, const struct plan_fetch *fetch)
{
	const struct claim *claim = find_claim(run, fetch);

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
	case INJECT_CERTIFICATE:
		if (request->certificate != NULL)
			text = request->certificate->texts[fetch->index];
		break;
	default:
		break;
	}
	return text;
}

struct text_list {
	const struct span *texts;
	size_t count;
};

static struct text_list all_of_pairs(
	const struct pair *pairs, size_t count, struct span name, struct arena *arena)
{
	size_t found = 0, copied = 0;
	struct span *texts;

	for (size_t i = 0; i < count; i++)
		found += span_equal(pairs[i].name, name);
	texts = arena_alloc(arena, found * sizeof(*texts));
	for (size_t i = 0; i < count && copied < found; i++)
		if (span_equal(pairs[i].name, name))
			texts[copied++] = present(pairs[i].value);
	return (struct text_list){texts, found};
}

static struct text_list all_of_headers(
	const struct http_head *head, struct span name, struct arena *arena)
{
	struct span *texts = arena_alloc(arena, head->header_count * sizeof(*texts));
	size_t count = 0;

	for (size_t i = 0; i < head->header_count; i++)
		if (span_equal_nocase(head->headers[i].name, name))
			texts[count++] = latin1_decode(present(head->headers[i].value), arena);
	return (struct text_list){texts, count};
}

static struct text_list all_of_claim(const struct claim *claim)
{
	return claim == NULL ? (struct text_list){NULL, 0}
			     : (struct text_list){claim->texts, claim->count};
}

/* Every text of that name, in the request's order. */
static struct text_list find_texts(const struct inject_run *run, const struct plan_fetch *fetch)
{
	const struct inject_request *request = run->request;
	struct span name = span_of(fetch->name);

	if (fetch->source == INJECT_CLAIM)
		return all_of_claim(find_claim(run, fetch));
	if (fetch->source == INJECT_HEADER)
		return all_of_headers(request->head, name, run->arena);
	if (fetch->source == INJECT_QUERY)
		return all_of_pairs(request->query, request->query_count, name, run->arena);
	return all_of_pairs(request->cookies, request->cookie_count, name, run->arena);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The row to fill; the list grows up to INJECT_ERRORS_MAX, whose row is then filled in vain. */
static struct inject_error *add_row(struct inject_run *run)
{
	struct inject_errors *errors = &run->errors;

	if (errors->count == errors->capacity) {
		size_t capacity = errors->capacity == 0 ? 8 : errors->capacity * 2;
		struct inject_error *items = arena_alloc(run->arena, capacity * sizeof(*items));

		if (errors->count > 0)
			memcpy(items, errors->items, errors->count * sizeof(*items));
		errors->items = items;
		errors->capacity = capacity;
	}
	return errors->count < INJECT_ERRORS_MAX ? &errors->items[errors->count++]
						 : &errors->items[errors->count];
}

static struct inject_error *add_error(
	struct inject_run *run, const struct plan_fetch *fetch, const struct value_error *error)
{
	struct inject_error *row = add_row(run);

	*row = (struct inject_error){.type = error->type,
		.message = error->message,
		.source = inject_source_name(fetch->source),
		.name = fetch->name};
	memcpy(row->ctx, error->ctx, sizeof(row->ctx));
	return row;
}

static struct inject_error *add_text_error(struct inject_run *run, const struct plan_fetch *fetch,
	const struct value_error *error, struct span input)
{
	struct inject_error *row = add_error(run, fetch, error);

	row->input = input;
	row->has_input = true;
	return row;
}

static void add_list_error(struct inject_run *run, const struct plan_fetch *fetch,
	const struct value_error *error, const struct text_list *list)
{
	struct inject_error *row = add_error(run, fetch, error);

	row->inputs = list->texts;
	row->input_count = list->count;
}

/* ---- one member ------------------------------------------------------------------------------ */

/* What the request does not carry: the default, nothing, or an error. */
static bool fetch_absent(struct inject_run *run, const struct plan_fetch *fetch,
	const struct member_type *type, void *where)
{
	static const struct value_error missing = {.type = "missing", .message = "Field required"};

	if (fetch->default_value != NULL)
		memcpy(where, fetch->default_value, type->size);
	else if (type->set_offset > 0)
		member_clear(type, where);
	else {
		add_error(run, fetch, &missing);
		return false;
	}
	return true;
}

static bool fetch_one(struct inject_run *run, const struct plan_fetch *fetch,
	const struct member_type *type, void *where)
{
	struct span text = find_text(run, fetch);
	struct value_error error;
	union value value;

	if (text.ptr == NULL)
		return fetch_absent(run, fetch, type, where);
	if (!item_read(&fetch->item, text, run->arena, &value, &error)) {
		add_text_error(run, fetch, &error, text);
		return false;
	}
	member_store(type, where, &value);
	return true;
}

/* Reads each item, to the end, for the errors of all. NULL when there were any. */
static void *read_items(
	struct inject_run *run, const struct plan_fetch *fetch, const struct text_list *list)
{
	size_t size = value_size(fetch->item.base);
	char *items = arena_alloc(run->arena, list->count * size);
	bool is_right = true;

	for (size_t i = 0; i < list->count && run->errors.count < INJECT_ERRORS_MAX; i++) {
		struct inject_error *row;
		struct value_error error;
		union value value;

		if (item_read(&fetch->item, list->texts[i], run->arena, &value, &error)) {
			value_store(fetch->item.base, &value, items + i * size);
			continue;
		}
		is_right = false;
		row = add_text_error(run, fetch, &error, list->texts[i]);
		row->has_index = true;
		row->index = i;
	}
	return is_right && run->errors.count < INJECT_ERRORS_MAX ? items : NULL;
}

static bool fetch_list(struct inject_run *run, const struct plan_fetch *fetch,
	const struct member_type *type, void *where)
{
	const struct text_list list = find_texts(run, fetch);
	const struct rules *rules = fetch->item.rules;
	struct value_error error;
	void *items;

	if (list.count == 0)
		return fetch_absent(run, fetch, type, where);
	if (rules != NULL && !rules_check_most(rules, list.count, run->arena, &error)) {
		add_list_error(run, fetch, &error, &list);
		return false;
	}
	items = read_items(run, fetch, &list);
	if (items == NULL)
		return false;
	if (rules != NULL && !rules_check_least(rules, list.count, run->arena, &error)) {
		add_list_error(run, fetch, &error, &list);
		return false;
	}
	member_store_list(type, where, items, list.count);
	return true;
}

bool inject_value_fetch(struct inject_run *run, const struct plan_fetch *fetch, void *where)
{
	const struct member_type *type = member_type_find(fetch->type);

	return type->is_list ? fetch_list(run, fetch, type, where)
			     : fetch_one(run, fetch, type, where);
}

/* ---- strict sources -------------------------------------------------------------------------- */

/* Names of the plan hold no NUL, those of a peer may: it becomes U+FFFD. */
static const char *text_of_name(struct span name, struct arena *arena)
{
	char *text = arena_alloc(arena, name.len * 3 + 1);
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] != '\0') {
			text[len++] = name.ptr[i];
			continue;
		}
		memcpy(text + len, "\xef\xbf\xbd", 3);
		len += 3;
	}
	return text;
}

static bool refuse_extra_pairs(struct inject_run *run, enum inject_source source,
	const struct plan_names *known, const struct pair *pairs, size_t count)
{
	static const struct value_error extra = {
		.type = "extra_forbidden", .message = "Extra inputs are not permitted"};
	bool has_none = true;

	for (size_t i = 0; i < count && run->errors.count < INJECT_ERRORS_MAX; i++) {
		struct plan_fetch fetch = {.source = source};

		if (bsearch(&pairs[i].name, known->names, known->count, sizeof(*known->names),
			    plan_compare_names) != NULL)
			continue;
		has_none = false;
		fetch.name = text_of_name(pairs[i].name, run->arena);
		add_text_error(run, &fetch, &extra, present(pairs[i].value));
	}
	return has_none;
}

bool inject_value_refuse_extras(struct inject_run *run, enum inject_source source)
{
	const struct inject_request *request = run->request;
	const struct plan *plan = run->plan;

	if (source == INJECT_QUERY && plan->query.is_strict)
		return refuse_extra_pairs(
			run, source, &plan->query, request->query, request->query_count);
	if (source == INJECT_COOKIE && plan->cookies.is_strict)
		return refuse_extra_pairs(
			run, source, &plan->cookies, request->cookies, request->cookie_count);
	return true;
}
