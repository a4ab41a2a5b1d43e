/*
 * Two forms of one report, from the route down to the answer. Finds out nothing itself: all that
 * is said here was done by explain.c. Called by the explain command. SPDX-License-Identifier: MIT
 */
#include "call/explain_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "call/detail.h"
#include "call/explain_value.h"
#include "call/session.h"
#include "wire/claims.h"

static const struct sl_plugin *owner_of(const struct inject_provider *provider)
{
	return provider == NULL ? NULL : provider->owner;
}

static const char *target_of(const struct route *route)
{
	return route_conf_target(route->conf);
}

static const char *kind_of(const struct route *route)
{
	return route_conf_kind_name(route->conf->kind);
}

/* What was already added to an answer that connect would give. */
static struct span headers_so_far(const struct explanation *explanation)
{
	return explanation->outcome == EXPLAIN_REACHES
		       ? buf_span(&explanation->session->extra->response_headers)
		       : SPAN("");
}

/* ---- text: fields and calls --------------------------------------------------------------- */

static void put_quoted(struct buf *out, struct span text)
{
	json_t *value = detail_text(text);
	char *quoted = json_dumps(value, JSON_ENCODE_ANY);

	buf_printf(out, "%s", quoted);
	free(quoted);
	json_decref(value);
}

static void put_error(struct buf *out, const struct inject_error *error)
{
	json_t *found = detail_input(error);
	char *text = json_dumps(found, JSON_ENCODE_ANY);

	buf_printf(out, " is wrong: %s (%s)", error->message, error->type);
	if (!json_is_null(found))
		buf_printf(out, ", found %s", text);
	free(text);
	json_decref(found);
}

/* All in the field's line; the items of a list by their number. */
static void put_errors(struct buf *out, const struct inject_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		if (errors->items[i].has_index)
			buf_printf(out, "%s item %zu", i > 0 ? ";" : "", errors->items[i].index);
		put_error(out, &errors->items[i]);
	}
}

/* "    q: int? from query = 3" */
static void put_field(
	struct buf *out, struct explanation *explanation, const struct plan_fetch *fetch)
{
	struct explain_field field = explain_field_of(explanation, fetch);
	const char *provider = plan_claimed_of(&explanation->route->plan, fetch);

	buf_printf(out, "    %s: %s from %s", fetch->field, plan_type_name(fetch->type),
		inject_source_name(fetch->source));
	if (strcmp(fetch->field, fetch->name) != 0)
		buf_printf(out, " %s", fetch->name);
	if (provider != NULL)
		buf_printf(out, " of %s", provider);
	if (field.kind == EXPLAIN_VALUE || field.kind == EXPLAIN_DEFAULT) {
		buf_printf(out, " = ");
		explain_value_text(out, field.type, field.choices, field.where);
	}
	if (field.kind == EXPLAIN_DEFAULT)
		buf_printf(out, ", the default");
	if (field.kind == EXPLAIN_NOT_SET)
		buf_printf(out, " is not set");
	if (field.kind == EXPLAIN_NO_RESULT)
		buf_printf(out, " has no value");
	if (field.kind == EXPLAIN_BY_MESSAGE)
		buf_printf(out, " is filled for each message");
	if (field.kind == EXPLAIN_WRONG)
		put_errors(out, &field.errors);
	buf_printf(out, "\n");
}

static void put_fields(struct buf *out, struct explanation *explanation, size_t i)
{
	const struct plan_call *planned = &explanation->route->plan.calls[i];

	for (size_t j = 0; j < planned->fetch_count; j++) {
		if (planned->provider != NULL)
			buf_printf(out, "    ");
		put_field(out, explanation, &planned->fetches[j]);
	}
}

/* Names only: what they stand for may be a secret. */
static void put_claims(struct buf *out, const struct claims *claims)
{
	if (claims == NULL)
		buf_printf(out, "nothing: no credential is there, and none is required");
	for (size_t i = 0; claims != NULL && i < claims->count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", claims->items[i].name);
}

static void put_outcome(
	struct buf *out, const struct explain_call *call, const struct inject_provider *provider)
{
	if (call->state == EXPLAIN_SKIPPED) {
		buf_printf(out, "        not called: its arguments are not complete\n");
	} else if (call->state == EXPLAIN_ANSWERED && provider->security != NULL) {
		buf_printf(out, "        it refuses\n");
	} else if (call->state == EXPLAIN_ANSWERED && call->returned < 0) {
		buf_printf(out, "        it returned %d\n", call->returned);
	} else if (call->state == EXPLAIN_ANSWERED) {
		buf_printf(out, "        it answered the request itself\n");
	} else if (call->state == EXPLAIN_WAITING) {
		buf_printf(out, "        it answers later, within %llu ms: explain does not wait\n",
			(unsigned long long)provider->timeout_ms);
	} else {
		buf_printf(out, "        it gave ");
		if (provider->security != NULL)
			put_claims(out, *(const struct claims *const *)call->result);
		else
			explain_value_text(out, provider->function->type, NULL, call->result);
		buf_printf(out, "\n");
	}
}

static void put_provider(struct buf *out, struct explanation *explanation, size_t i)
{
	const struct plan_call *planned = &explanation->route->plan.calls[i];
	const struct explain_call *call = &explanation->calls[i];
	const struct sl_plugin *owner = planned->provider->owner;
	const char *name = planned->provider->name;

	if (call->state == EXPLAIN_NOT_REACHED) {
		buf_printf(out, "    %s was not reached\n", name);
		return;
	}
	buf_printf(out, "    %s %s%s%s\n", call->state == EXPLAIN_SKIPPED ? "would call" : "calls",
		name, call->state == EXPLAIN_PER_MESSAGE ? " for each message" : "",
		planned->fetch_count > 0 ? " with" : "");
	put_fields(out, explanation, i);
	if (call->state == EXPLAIN_PER_MESSAGE)
		return;
	put_outcome(out, call, planned->provider);
	if (call->result != NULL && explain_misses_start(owner))
		buf_printf(out,
			"        note: it ran without `start` of its plugin %s, whose state was "
			"all zero\n",
			owner->name);
}

static void put_plan(struct buf *out, struct explanation *explanation)
{
	size_t last = explanation->route->plan.call_count - 1;

	for (size_t i = 0; i < last; i++)
		put_provider(out, explanation, i);
	if (explanation->calls[last].state != EXPLAIN_NOT_REACHED)
		put_fields(out, explanation, last);
	else
		buf_printf(out, "    the plugin's own fields were not reached\n");
}

/* ---- text: route and answer --------------------------------------------------------------- */

static void put_route(struct buf *out, const struct explanation *explanation)
{
	const struct route *route = explanation->route;
	const struct explain_answer *answer = &explanation->answer;

	if (route == NULL)
		route = explanation->http_route;
	if (route != NULL && (explanation->route != NULL || answer->status == 403))
		buf_printf(out, "%s  %s %s (%s:%u)\n", route->conf->path.text, kind_of(route),
			target_of(route), route->conf->path.place.file,
			route->conf->path.place.line);
	if (explanation->route == NULL && answer->status == 404) {
		buf_printf(out, "no route has the path ");
		put_quoted(out, explanation->request.path);
		buf_printf(out, "\n");
	}
}

static void put_lines(struct buf *out, struct span headers)
{
	while (headers.ptr != NULL) {
		struct span line = span_cut(&headers, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len > 0)
			buf_printf(out, "%.*s\n", SPAN_ARG(line));
	}
}

static void put_answer(struct buf *out, const struct explain_answer *answer)
{
	buf_printf(out, "HTTP/1.1 %u %s\n", answer->status, http_status_phrase(answer->status));
	if (answer->content_type != NULL)
		buf_printf(out, "Content-Type: %s\n", answer->content_type);
	put_lines(out, buf_span(&answer->headers));
	if (answer->body.len > 0) {
		buf_printf(out, "\n");
		buf_append_span(out, buf_span(&answer->body));
		buf_printf(out, "\n");
	}
	if (answer->is_closed)
		buf_printf(out, "\nand a close frame: %u %.*s\n", answer->close_code,
			SPAN_ARG(buf_span(&answer->close_reason)));
}

static void put_reached(struct buf *out, const struct explanation *explanation)
{
	const struct sl_plugin *plugin = explanation->route->plugin;

	if (explanation->session->extra->exchange != NULL)
		buf_printf(out, "goes to request of plugin %s, which answers\n", plugin->name);
	else if (plugin->info.connect == NULL)
		buf_printf(out, "accepted: plugin %s has no connect callback\n", plugin->name);
	else
		buf_printf(out, "goes to connect of plugin %s, which decides\n", plugin->name);
	if (headers_so_far(explanation).len > 0) {
		buf_printf(out, "the answer has these headers so far:\n");
		put_lines(out, headers_so_far(explanation));
	}
}

void explain_report_text(struct buf *out, struct explanation *explanation)
{
	if (explanation->outcome == EXPLAIN_NO_WEBSOCKET) {
		buf_printf(out, "no WebSocket request: its Upgrade or Connection header does not "
				"ask for one, and no plugin answers plain requests there\n");
		return;
	}
	put_route(out, explanation);
	if (explanation->route != NULL)
		put_plan(out, explanation);
	if (explanation->outcome == EXPLAIN_REACHES) {
		put_reached(out, explanation);
		return;
	}
	if (explanation->outcome == EXPLAIN_UNDECIDED) {
		buf_printf(out, "not decided: a provider answers later\n");
		return;
	}
	buf_printf(out, "refused:\n\n");
	put_answer(out, &explanation->answer);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static json_t *errors_json(const struct inject_errors *errors)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < errors->count; i++)
		json_array_append_new(rows, detail_row(&errors->items[i]));
	return rows;
}

static json_t *field_json(struct explanation *explanation, const struct plan_fetch *fetch)
{
	static const char *const kinds[] = {
		"value", "default", "not set", "wrong", "no result", "by message"};
	struct explain_field field = explain_field_of(explanation, fetch);
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s}", "field", fetch->field, "type",
		plan_type_name(fetch->type), "from", inject_source_name(fetch->source), "name",
		fetch->name, "provider", plan_claimed_of(&explanation->route->plan, fetch), "is",
		kinds[field.kind]);

	if (field.kind == EXPLAIN_VALUE || field.kind == EXPLAIN_DEFAULT)
		json_object_set_new(
			out, "value", explain_value_json(field.type, field.choices, field.where));
	if (field.kind == EXPLAIN_WRONG)
		json_object_set_new(out, "errors", errors_json(&field.errors));
	return out;
}

static json_t *result_json(const struct inject_provider *provider, const void *result)
{
	const struct claims *claims;
	json_t *names;

	if (provider->security == NULL)
		return explain_value_json(provider->function->type, NULL, result);
	claims = *(const struct claims *const *)result;
	names = claims == NULL ? json_null() : json_array();
	for (size_t i = 0; claims != NULL && i < claims->count; i++)
		json_array_append_new(names, json_string(claims->items[i].name));
	return names;
}

static json_t *call_json(struct explanation *explanation, size_t i)
{
	static const char *const states[] = {
		"not reached", "skipped", "called", "answered", "waiting", "per message"};
	const struct plan_call *planned = &explanation->route->plan.calls[i];
	const struct inject_provider *provider = planned->provider;
	const struct explain_call *call = &explanation->calls[i];
	json_t *fields = json_array(), *out;

	for (size_t j = 0; call->state != EXPLAIN_NOT_REACHED && j < planned->fetch_count; j++)
		json_array_append_new(fields, field_json(explanation, &planned->fetches[j]));
	out = json_pack("{s:s?, s:s, s:s, s:o}", "provider",
		provider == NULL ? NULL : provider->name, "plugin",
		owner_of(provider) == NULL ? explanation->route->plugin->name
					   : owner_of(provider)->name,
		"state", states[call->state], "fields", fields);
	if (call->result == NULL)
		return out;
	json_object_set_new(out, "returned", json_integer(call->returned));
	if (call->state == EXPLAIN_CALLED)
		json_object_set_new(out, "result", result_json(provider, call->result));
	json_object_set_new(
		out, "without_start", json_boolean(explain_misses_start(provider->owner)));
	return out;
}

static json_t *route_json(const struct route *route)
{
	return route == NULL ? json_null()
			     : json_pack("{s:s, s:s, s:s, s:i}", "path", route->conf->path.text,
				       "serves", kind_of(route), "target", target_of(route), "line",
				       (int)route->conf->path.place.line);
}

static json_t *answer_json(const struct explain_answer *answer)
{
	json_t *out = json_pack("{s:i, s:s?, s:o, s:o}", "status", (int)answer->status,
		"content_type", answer->content_type, "headers",
		detail_text(buf_span(&answer->headers)), "body",
		detail_text(buf_span(&answer->body)));

	if (answer->is_closed)
		json_object_set_new(out, "close",
			json_pack("{s:i, s:o}", "code", (int)answer->close_code, "reason",
				detail_text(buf_span(&answer->close_reason))));
	return out;
}

void explain_report_json(struct buf *out, struct explanation *explanation)
{
	static const char *const outcomes[] = {
		"reaches the plugin", "refused", "undecided", "no WebSocket"};
	const struct route *route = explanation->route;
	json_t *calls = json_array(), *report;
	char *text;

	for (size_t i = 0; route != NULL && i < route->plan.call_count; i++)
		json_array_append_new(calls, call_json(explanation, i));
	report = json_pack("{s:s, s:o, s:o, s:o, s:o}", "outcome", outcomes[explanation->outcome],
		"route", route_json(route != NULL ? route : explanation->http_route), "calls",
		calls, "headers_so_far", detail_text(headers_so_far(explanation)), "answer",
		explanation->outcome == EXPLAIN_REFUSED ? answer_json(&explanation->answer)
							: json_null());
	text = json_dumps(report, JSON_INDENT(2));
	buf_printf(out, "%s\n", text);
	free(text);
	json_decref(report);
}
