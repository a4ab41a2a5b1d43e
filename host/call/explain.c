/*
 * The way of a handshake from its bytes to the door of connect, with the functions that serve:
 * http_head_decode, host_find_route, session_inject. What a field of an incomplete struct would be
 * is asked of inject_run again, with a plan of that one field. Called by the explain command.
 * SPDX-License-Identifier: MIT
 */
#include "call/explain.h"

#include <assert.h>
#include <string.h>

#include "call/admission.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/plain_request.h"
#include "call/session_inject.h"
#include "call/session_subprotocol.h"
#include "inject/inject_value.h"
#include "inject/member.h"

#define PEER "127.0.0.1:50000"

/* ---- the transport that writes down ------------------------------------------------------- */

static struct explanation *explanation_of(struct transport *transport)
{
	return (struct explanation *)transport; /* the first member */
}

static void write_reply(struct transport *transport, struct reply *reply)
{
	struct explain_answer *answer = &explanation_of(transport)->answer;

	assert(reply->fd < 0);
	answer->status = reply->status;
	if (reply->content_type != NULL)
		answer->content_type = arena_text(&explanation_of(transport)->arena,
			reply->content_type, strlen(reply->content_type));
	buf_append_span(&answer->headers, buf_span(&reply->headers));
	buf_append_span(&answer->body, reply->body);
}

static void write_upgrade(struct transport *transport, const struct upgrade *upgrade)
{
	struct explain_answer *answer = &explanation_of(transport)->answer;

	answer->status = 101;
	if (upgrade->subprotocol != NULL)
		buf_printf(
			&answer->headers, "Sec-WebSocket-Protocol: %s\r\n", upgrade->subprotocol);
	buf_append_span(&answer->headers, upgrade->headers);
}

static void write_close(struct transport *transport, unsigned code, struct span reason)
{
	struct explain_answer *answer = &explanation_of(transport)->answer;

	answer->is_closed = true;
	answer->close_code = code;
	buf_append_span(&answer->close_reason, reason);
}

/* Messages are sent behind a 101 only, which no request gets before connect: none is of interest.
 */
static enum sent drop_message(
	struct transport *transport, enum ws_opcode opcode, struct span payload, uint64_t key)
{
	(void)transport;
	(void)opcode;
	(void)payload;
	(void)key;
	return SENT_QUEUED;
}

static enum sent drop_shared(struct transport *transport, struct ws_shared *shared, uint64_t key)
{
	(void)transport;
	(void)shared;
	(void)key;
	return SENT_QUEUED;
}

static size_t nothing_queued(const struct transport *transport)
{
	(void)transport;
	return 0;
}

static void do_not_pause(struct transport *transport, bool paused)
{
	(void)transport;
	(void)paused;
}

static bool keep_limits(struct transport *transport, const struct transport_limits *limits)
{
	(void)transport;
	(void)limits;
	return true;
}

static bool refuse_joined(struct transport *transport, struct ws_joined *joined)
{
	(void)transport;
	(void)joined;
	return false;
}

static struct transport_rtt not_measured(const struct transport *transport)
{
	(void)transport;
	return (struct transport_rtt){0};
}

static const char *peer_of(const struct transport *transport)
{
	return ((const struct explanation *)transport)->peer; /* the first member */
}

static const char *keep_peer(struct transport *transport)
{
	return peer_of(transport);
}

static struct transport_extra *own_extra(struct transport *transport)
{
	return &explanation_of(transport)->transport_extra;
}

static void write_peer(struct transport *transport, struct span peer)
{
	struct explanation *out = explanation_of(transport);

	out->peer = peer.len == 0 ? PEER : arena_text(&out->arena, peer.ptr, peer.len);
}

/* Of what follows request, which is not called, none is reached but by mistake of a provider. */
static const struct transport_ops write_down = {
	.reply = write_reply,
	.upgrade = write_upgrade,
	.send = drop_message,
	.send_shared = drop_shared,
	.send_joined = refuse_joined,
	.close = write_close,
	.queued = nothing_queued,
	.set_paused = do_not_pause,
	.set_held = do_not_pause,
	.set_limits = keep_limits,
	.rtt = not_measured,
	.extra = own_extra,
	.peer = peer_of,
	.keep_peer = keep_peer,
	.set_peer = write_peer,
};

/* ---- the run ------------------------------------------------------------------------------ */

static int call_and_note(
	void *context, const struct plan_call *planned, const void *args, void *result)
{
	struct sl_conn *conn = context;
	struct explanation *out = explanation_of(conn->transport);
	struct explain_call *call = &out->calls[planned - out->route->plan.calls];

	*out->calling = planned->provider;
	call->returned = session_call_provider(conn, planned, args, result);
	*out->calling = NULL;
	call->args = args;
	call->result = result;
	call->state = EXPLAIN_ANSWERED;
	if (call->returned == SL_OK && conn->phase == SESSION_DECIDING)
		call->state = EXPLAIN_CALLED;
	if (call->returned == SL_LATER && conn->phase == SESSION_DECIDING)
		call->state = EXPLAIN_WAITING;
	return call->returned;
}

/* Those not called although no call before them had answered. */
static void mark_skipped(struct explanation *out)
{
	const struct plan *plan = &out->route->plan;

	for (size_t i = 0; i < plan->call_count; i++) {
		struct explain_call *call = &out->calls[i];

		if (call->state == EXPLAIN_ANSWERED || call->state == EXPLAIN_WAITING)
			return;
		if (call->state == EXPLAIN_NOT_REACHED)
			call->state = plan->calls[i].scope == SL_SCOPE_MESSAGE ? EXPLAIN_PER_MESSAGE
									       : EXPLAIN_SKIPPED;
	}
}

static void run_plan(struct explanation *out, bool is_plain)
{
	const struct plan *plan = &out->route->plan;
	struct explain_call *own;

	out->calls = arena_alloc(&out->arena, plan->call_count * sizeof(*out->calls));
	own = &out->calls[plan->call_count - 1];
	out->session = session_new(out->host, &out->transport, out->route, &out->request);
	if (is_plain)
		exchange_attach(out->session);
	if ((is_plain || session_subprotocol_check(out->session)) &&
		session_inject(out->session, call_and_note)) {
		out->outcome = EXPLAIN_REACHES;
		own->state = EXPLAIN_CALLED;
		own->args = out->session->args;
	} else if (out->session->phase == SESSION_DECIDING) {
		out->outcome = EXPLAIN_UNDECIDED;
	}
	mark_skipped(out);
}

static bool decode(struct explanation *out, struct span raw)
{
	struct http_progress progress = {0};
	struct err why;
	enum wire decoded = http_head_decode(&out->head, &progress, raw, &why);

	assert(decoded != WIRE_MORE);
	out->has_head = decoded == WIRE_DONE;
	if (!out->has_head)
		host_bad_request(&out->transport, &why);
	return out->has_head;
}

static void find_http_route(struct explanation *out, const struct generation *generation)
{
	struct route_match found;

	if (route_map_match(generation->http, out->request.path, &found))
		out->http_route = found.route;
}

/* Providers may ask for the state that start would have had. */
static void give_states(const struct generation *generation)
{
	for (size_t i = 0; i < generation->plugins.count; i++)
		if (generation->plugins.plugins[i]->state == NULL)
			plugin_give_state(generation->plugins.plugins[i]);
}

static void explain_plain(struct explanation *out, const struct generation *generation)
{
	const struct route *route = host_match(generation->http, &out->transport, &out->request);

	out->outcome = EXPLAIN_NO_WEBSOCKET;
	if (route == NULL || route->conf->kind != ROUTE_PLUGIN)
		return;
	out->route = route;
	out->outcome = EXPLAIN_REFUSED;
	if (plain_request_is_taken(&out->transport, route, &out->request))
		run_plan(out, true);
	else
		out->route = NULL;
}

void explain_run(struct explanation *out, struct host *host, struct generation *generation,
	struct span raw, const struct inject_provider **calling)
{
	memset(out, 0, sizeof(*out));
	out->transport_extra.ops = &write_down;
	out->transport.extra = &out->transport_extra;
	out->peer = PEER;
	out->outcome = EXPLAIN_REFUSED;
	out->host = host;
	out->calling = calling;
	if (!decode(out, raw))
		return;
	request_init(&out->request, &out->head, raw);
	if (!admission_check(generation, &out->transport, &out->request))
		return;
	give_states(generation);
	if (!host_is_handshake(generation, &out->request)) {
		explain_plain(out, generation);
		return;
	}
	out->route = host_find_route(generation, &out->transport, &out->request);
	if (out->route != NULL)
		run_plan(out, false);
	else
		find_http_route(out, generation);
}

void explain_fini(struct explanation *out)
{
	if (out->session != NULL) {
		session_stop(out->session, 1001, "");
		host_turn_end(out->host);
	}
	if (out->has_head)
		request_fini(&out->request);
	buf_fini(&out->answer.headers);
	buf_fini(&out->answer.body);
	buf_fini(&out->answer.close_reason);
	arena_fini(&out->arena);
}

/* ---- one field ---------------------------------------------------------------------------- */

/* The field as a run would fill it; NULL adds what is wrong to `errors`. The explanation's. */
static const void *fetch_alone(
	struct explanation *out, const struct plan_fetch *fetch, struct inject_errors *errors)
{
	const struct injection *injection = out->session->extra->injection;
	struct inject_request source = session_source(out->session);
	struct inject_run run = {.plan = &out->route->plan,
		.request = &source,
		.arena = &out->arena,
		.block = injection == NULL ? NULL : injection->run.block};
	void *where = arena_alloc(&out->arena, member_type_find(fetch->type)->size);
	bool is_good = inject_value_fetch(&run, fetch, where);

	*errors = run.errors;
	return is_good ? where : NULL;
}

static bool is_set(uint32_t type_number, const void *where)
{
	const struct member_type *type = member_type_find(type_number);
	uint32_t set = 1;

	if (type->set_offset > 0)
		memcpy(&set, (const char *)where + type->set_offset, sizeof(set));
	return set != 0;
}

/* Without its default the field would have no value. */
static bool is_by_default(struct explanation *out, struct plan_fetch fetch)
{
	struct inject_errors errors;
	const void *where;

	if (fetch.default_value == NULL)
		return false;
	fetch.default_value = NULL;
	where = fetch_alone(out, &fetch, &errors);
	if (where == NULL)
		return strcmp(errors.items[0].type, "missing") == 0;
	return !is_set(fetch.type, where);
}

/* What a provider's result makes of the field, which has one only if that was called. */
static enum explain_kind kind_by_call(const struct explain_call *source)
{
	if (source->state == EXPLAIN_PER_MESSAGE)
		return EXPLAIN_BY_MESSAGE;
	return source->state == EXPLAIN_CALLED ? EXPLAIN_VALUE : EXPLAIN_NO_RESULT;
}

static struct explain_field result_field(
	const struct explanation *out, const struct plan_fetch *fetch)
{
	const struct explain_call *source = &out->calls[fetch->index];
	struct explain_field field = {
		.kind = kind_by_call(source), .type = fetch->type, .where = source->result};

	if (field.kind != EXPLAIN_VALUE)
		return field;
	field.type = out->route->plan.calls[fetch->index].provider->function->type;
	if (!is_set(field.type, field.where))
		field.kind = EXPLAIN_NOT_SET;
	return field;
}

struct explain_field explain_field_of(struct explanation *out, const struct plan_fetch *fetch)
{
	struct explain_field field = {.type = fetch->type, .choices = fetch->item.choices};

	if (fetch->source == INJECT_PROVIDER)
		return result_field(out, fetch);
	if (fetch->source == INJECT_CLAIM)
		field.kind = kind_by_call(&out->calls[fetch->index]);
	if (field.kind != EXPLAIN_VALUE)
		return field;
	field.where = fetch_alone(out, fetch, &field.errors);
	if (field.where == NULL)
		field.kind = EXPLAIN_WRONG;
	else if (is_by_default(out, *fetch))
		field.kind = EXPLAIN_DEFAULT;
	else if (!is_set(fetch->type, field.where))
		field.kind = EXPLAIN_NOT_SET;
	return field;
}

bool explain_misses_start(const struct sl_plugin *owner)
{
	return owner != NULL && owner->info.start != NULL && !owner->is_started;
}
