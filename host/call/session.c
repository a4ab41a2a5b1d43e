/*
 * The life of a connection: deciding, open, ended. Whatever ends it only marks it and queues it;
 * disconnect runs at the end of the loop's turn, when no plugin code is on the stack, so that no
 * callback ever runs inside another. Called by host.c and host_table.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/session.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/detail.h"
#include "call/drain.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/session_inject.h"
#include "call/session_security.h"
#include "base/utf8.h"
#include "call/session_subprotocol.h"
#include "wire/ws_key.h"

#define SESSION_MAGIC 0x53455331u

_Static_assert(offsetof(struct sl_conn, subject) == 0, "plugin/plugin.c looks for it there");
_Static_assert(offsetof(struct route, path) == 0, "a subject's route is the session's, too");

void *session_new_state(const struct sl_plugin *plugin)
{
	return plugin->info.state_size == 0 ? NULL : xcalloc(1, plugin->info.state_size);
}

_Static_assert(sizeof(struct sl_conn) <= 112, "an idle connection costs more than it did");

struct sl_conn *session_new(struct host *host, struct transport *transport,
	const struct route *route, struct request *request)
{
	struct sl_conn *conn = slab_alloc(&host->session_slab);

	conn->magic = SESSION_MAGIC;
	conn->transport = transport;
	conn->extra = &session_extra_none;
	session_set_route(conn, route);
	conn->is_secure = transport->extra->is_secure;
	generation_ref(route->generation);
	session_extra(conn)->request = request;
	session_table_add(&host->sessions, conn);
	conn->state = session_new_state(conn->route->plugin);
	transport->session = conn;
	return conn;
}

/* ---- what only some have ---------------------------------------------------------------- */

const struct session_extra session_extra_none;

struct session_extra *session_extra(struct sl_conn *conn)
{
	struct session_extra *extra;

	if (conn->extra != &session_extra_none)
		return (struct session_extra *)(uintptr_t)conn->extra;
	extra = xcalloc(1, sizeof(*extra));
	conn->extra = extra;
	return extra;
}

static void free_extra(struct sl_conn *conn)
{
	if (conn->extra != &session_extra_none)
		free(session_extra(conn));
	conn->extra = &session_extra_none;
}

/* Behind a handshake as a rule: most connections are idle for most of their time. */
static void trim_extra(struct sl_conn *conn)
{
	if (memcmp(conn->extra, &session_extra_none, sizeof(session_extra_none)) == 0)
		free_extra(conn);
}

const char *session_peer(const struct sl_conn *conn)
{
	const struct exchange *exchange = conn->extra->exchange;

	/* Behind its answer the transport serves the next request, of another client perhaps. */
	if (exchange != NULL)
		return exchange_peer(exchange);
	return conn->transport != NULL ? transport_peer(conn->transport) : conn->extra->peer;
}

const char *session_keep_peer(const struct sl_conn *conn)
{
	if (conn->extra->exchange != NULL || conn->transport == NULL)
		return session_peer(conn);
	return transport_ops(conn->transport)->keep_peer(conn->transport);
}

/* ---- ending ----------------------------------------------------------------------------- */

static void drop_request(struct sl_conn *conn)
{
	if (conn->extra->owns_request)
		request_free(conn->extra->request);
	session_extra(conn)->request = NULL;
	trim_extra(conn);
}

/* What is left to be asked for when the transport is gone. */
static void note_transport(struct sl_conn *conn)
{
	struct session_extra *extra = session_extra(conn);
	const struct transport *transport = conn->transport;
	const char *peer = transport_peer(transport);

	extra->queue_peak = transport->extra->queue_peak;
	extra->dropped = transport->extra->dropped;
	extra->rtt_us = transport_ops(transport)->rtt(transport).smoothed_us;
	extra->peer = arena_text(&conn->arena, peer, strlen(peer));
	if (extra->dropped > 0)
		log_info("%s: %llu messages to %s were dropped, which reads too slowly",
			session_label(conn), (unsigned long long)extra->dropped, extra->peer);
}

void session_finish(struct sl_conn *conn, unsigned code, struct span reason, unsigned by)
{
	struct span kept = arena_span(&conn->arena, reason);
	struct session_extra *extra = session_extra(conn);

	assert(conn->phase != SESSION_ENDED);
	if (extra->exchange != NULL)
		exchange_note_answer(conn);
	conn->phase = SESSION_ENDED;
	extra->end = (struct sl_end){.code = code, .by = by, .reason = {kept.ptr, kept.len}};
	note_transport(conn);
	conn->transport->session = NULL;
	conn->transport = NULL;
	timer_cancel_all(&extra->timers);
	drain_cancel(conn);
	resume_cancel_all(conn);
	fan_out_leave(conn);
	session_inject_end(conn);
	session_security_end(conn);
	extra->queued = conn;
	TAILQ_INSERT_TAIL(&session_host(conn)->ended, extra, ended);
	session_host(conn)->loop->ops->want_turn_end(session_host(conn)->loop);
}

void session_end(struct sl_conn *conn, unsigned code, struct span reason, unsigned by)
{
	assert(conn->magic == SESSION_MAGIC);
	log_debug("%s: ended with %u \"%.*s\"", session_label(conn), code, SPAN_ARG(reason));
	session_finish(conn, code, reason, by);
}

/* An open connection is closed, by plugin or host. */
static void close_open(struct sl_conn *conn, unsigned code, const char *reason, unsigned by)
{
	struct span text = {reason, utf8_cut(span_of(reason), WS_REASON_MAX)};

	transport_ops(conn->transport)->close(conn->transport, code, text);
	session_finish(conn, code == 0 ? 1005 : code, text, by);
}

void session_free(struct sl_conn *conn)
{
	const struct sl_plugin_info *info = &conn->route->plugin->info;
	struct host *host = session_host(conn);

	assert(conn->magic == SESSION_MAGIC && conn->phase == SESSION_ENDED);
	if (conn->extra->exchange != NULL) {
		exchange_free(conn);
	} else {
		access_log_close(conn);
		session_inject_clear(conn);
	}
	if (conn->owes_disconnect && info->disconnect != NULL)
		plugin_call_disconnect(conn->route->plugin, conn, conn->args, &conn->extra->end);
	presence_end(conn);
	session_inject_fini(conn);
	session_table_remove(&host->sessions, conn);
	crowd_leave(conn);
	conn->magic = 0;
	drop_request(conn);
	buf_fini(&session_extra(conn)->response_headers);
	free_extra(conn);
	free(conn->topics);
	free(conn->state);
	generation_unref(conn->route->generation);
	arena_fini(&conn->arena);
	slab_free(&host->session_slab, conn);
}

void session_set_route(struct sl_conn *conn, const struct route *route)
{
	conn->subject.route = &route->path;
}

const char *session_label(const struct sl_conn *conn)
{
	struct buf *label = &session_host(conn)->label;

	label->len = 0;
	buf_printf(label, "%s #%llu", conn->route->label, (unsigned long long)conn->id);
	return label->data;
}

/* ---- answering the handshake ------------------------------------------------------------ */

/* The plugin's code and reason of a refusal are for the log and for nobody else. */
static void session_refused(struct sl_conn *conn, unsigned status)
{
	conn->owes_disconnect = false;
	session_finish(conn, conn->extra->exchange != NULL ? 1000 : 1006, SPAN(""), SL_BY_PLUGIN);
	session_extra(conn)->end.status = status;
	log_debug("%s: refused with %u", session_label(conn), status);
}

/* SL_OK, or why the connection cannot be refused so. */
static int may_refuse(const struct sl_conn *conn, unsigned status)
{
	if (conn->phase != SESSION_DECIDING)
		return SL_CLOSED;
	if (status >= 300 && status <= 599)
		return SL_OK;
	log_error("%s: sl_refuse with status %u, wanted 300 to 599", session_label(conn), status);
	return SL_INVALID;
}

int session_refuse(struct sl_conn *conn, struct reply *reply)
{
	int may = may_refuse(conn, reply->status);

	if (may != SL_OK)
		return may;
	reply->headers = conn->extra->response_headers;
	reply->close = conn->extra->exchange == NULL;
	transport_ops(conn->transport)->reply(conn->transport, reply);
	session_refused(conn, reply->status);
	return SL_OK;
}

/* What the peer offered and the route allows; the answer's header line is added. */
static bool agree_on_compression(struct sl_conn *conn, struct ws_compression *agreed)
{
	struct buf answer = {0};
	bool is_agreed = ws_extension_negotiate(
		conn->extra->request->head, &conn->route->conf->compression, agreed, &answer);

	if (is_agreed)
		buf_printf(&session_extra(conn)->response_headers,
			"Sec-WebSocket-Extensions: %.*s\r\n", SPAN_ARG(buf_span(&answer)));
	buf_fini(&answer);
	return is_agreed;
}

static void send_upgrade(struct sl_conn *conn, const char *subprotocol)
{
	struct upgrade upgrade = {0};
	struct ws_compression agreed;

	upgrade.key = http_header_get(conn->extra->request->head, SPAN("sec-websocket-key"), 0);
	upgrade.subprotocol = subprotocol;
	if (agree_on_compression(conn, &agreed))
		upgrade.compression = &agreed;
	upgrade.headers = buf_span(&session_extra(conn)->response_headers);
	upgrade.limits = conn->route->limits;
	transport_ops(conn->transport)->upgrade(conn->transport, &upgrade);
	buf_fini(&session_extra(conn)->response_headers);
}

bool session_rejects_by_close(const struct sl_conn *conn)
{
	return conn->extra->exchange == NULL && conn->route->conf->reject == REJECT_CLOSE;
}

/* Accepted for the peer, which can read a close frame; refused for the plugin. */
static void reject_by_close(
	struct sl_conn *conn, unsigned status, unsigned code, const char *reason)
{
	struct span text = {reason, utf8_cut(span_of(reason), WS_REASON_MAX)};

	/* A browser that offered some and is given none fails the connection before it listens. */
	send_upgrade(conn, session_subprotocol_for_close(conn));
	transport_ops(conn->transport)->close(conn->transport, code, text);
	conn->owes_disconnect = false;
	log_debug("%s: rejected with %u \"%.*s\"", session_label(conn), code, SPAN_ARG(text));
	session_finish(conn, code == 0 ? 1005 : code, text, SL_BY_PLUGIN);
	session_extra(conn)->end.status = status;
}

/* The peer would take it for a broken frame, and never see the code. */
static const char *reason_of(const struct sl_conn *conn, const char *who, const char *reason)
{
	if (reason == NULL || utf8_valid(span_of(reason)))
		return reason;
	log_error("%s: %s: the reason is not UTF-8, closing without it", session_label(conn), who);
	return "";
}

static bool is_close_code(const struct sl_conn *conn, const char *who, unsigned code)
{
	if (code == 0 || ws_close_code_valid(code))
		return true;
	log_error("%s: %s with code %u, wanted 1000-1003, 1007-1014 or 3000-4999",
		session_label(conn), who, code);
	return false;
}

int session_reject(struct sl_conn *conn, unsigned status, unsigned code, const char *detail)
{
	int may = may_refuse(conn, status);

	if (may != SL_OK)
		return may;
	if (!is_close_code(conn, "sl_reject", code))
		return SL_INVALID;
	if (detail == NULL)
		detail = http_status_phrase(status);
	if (session_rejects_by_close(conn)) {
		reject_by_close(conn, status, code, reason_of(conn, "sl_reject", detail));
		return SL_OK;
	}
	detail_reply(conn->transport, status, detail, &session_extra(conn)->response_headers,
		conn->extra->exchange == NULL);
	session_refused(conn, status);
	return SL_OK;
}

int session_refuse_detail(struct sl_conn *conn, unsigned status, const char *detail)
{
	return session_reject(conn, status, status >= 500 ? 1011 : 1008, detail);
}

static bool is_offered(const struct sl_conn *conn, const char *subprotocol)
{
	struct span offer;

	for (size_t n = 0; (offer = session_security_offer(conn, n)).ptr != NULL; n++)
		if (span_equal(offer, span_of(subprotocol)))
			return true;
	if (session_security_is_secret(conn, span_of(subprotocol)))
		log_error("%s: sl_accept with the credential as subprotocol, which nobody may see",
			session_label(conn));
	else
		log_error("%s: sl_accept with subprotocol \"%s\", which the peer did not offer",
			session_label(conn), subprotocol);
	return false;
}

int session_accept(struct sl_conn *conn, const char *subprotocol)
{
	if (conn->extra->exchange != NULL)
		return session_not_open(conn, "sl_accept");
	if (conn->phase != SESSION_DECIDING)
		return SL_CLOSED;
	if (session_inject_waits(conn)) {
		log_error("%s: sl_accept while a provider is waited for; connect accepts, when all "
			  "arguments are there",
			session_label(conn));
		return SL_INVALID;
	}
	if (subprotocol != NULL && !is_offered(conn, subprotocol))
		return SL_INVALID;
	if (subprotocol == NULL)
		subprotocol = session_subprotocol(conn);
	else
		subprotocol = arena_text(&conn->arena, subprotocol, strlen(subprotocol));
	session_extra(conn)->subprotocol = subprotocol;
	conn->phase = SESSION_OPEN;
	access_log_open(conn, subprotocol);
	send_upgrade(conn, subprotocol);
	session_inject_accepted(conn);
	session_listen(conn);
	resume_opened(conn);
	/* Inside connect it is still host_request's; session_connect drops it. */
	if (conn->extra->owns_request && (conn->route->plugin->info.flags & SL_KEEP_REQUEST) == 0)
		drop_request(conn);
	return SL_OK;
}

int session_close(struct sl_conn *conn, unsigned code, const char *reason)
{
	if (reason == NULL)
		reason = "";
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!is_close_code(conn, "sl_close", code))
		return SL_INVALID;
	reason = reason_of(conn, "sl_close", reason);
	if (conn->phase == SESSION_DECIDING && session_rejects_by_close(conn)) {
		reject_by_close(conn, 403, code, reason);
		return SL_OK;
	}
	if (conn->phase == SESSION_DECIDING)
		return session_refuse_detail(conn, 403, reason[0] == '\0' ? "Forbidden" : reason);
	if (conn->phase == SESSION_STREAMING)
		exchange_cut(conn, SL_BY_PLUGIN);
	else
		close_open(conn, code, reason, SL_BY_PLUGIN);
	return SL_OK;
}

int session_not_open(const struct sl_conn *conn, const char *who)
{
	if (conn->extra->exchange == NULL)
		return SL_CLOSED;
	log_error("%s: %s on a plain request, wanted a WebSocket; answer with sl_respond",
		session_label(conn), who);
	return SL_INVALID;
}

void session_stop(struct sl_conn *conn, unsigned code, const char *reason)
{
	if (conn->phase == SESSION_OPEN) {
		close_open(conn, code, reason, SL_BY_HOST);
	} else if (conn->phase == SESSION_STREAMING) {
		exchange_cut(conn, SL_BY_HOST);
	} else if (conn->phase == SESSION_DECIDING) {
		detail_reply(conn->transport, 503, "Service Unavailable", NULL, true);
		session_finish(conn, 1006, span_of(reason), SL_BY_HOST);
		session_extra(conn)->end.status = 503;
	}
}

/* ---- connect ---------------------------------------------------------------------------- */

void session_refuse_invalid(struct sl_conn *conn, const struct inject_errors *errors)
{
	const struct inject_error *first = &errors->items[0];
	unsigned status = conn->extra->exchange != NULL ? 422 : 403;

	log_info("%s: refused %s with %u: %s %s: %s (%zu error%s)", session_label(conn),
		session_peer(conn), session_rejects_by_close(conn) ? 1008u : status, first->source,
		first->name, first->message, errors->count, errors->count == 1 ? "" : "s");
	if (session_rejects_by_close(conn)) {
		reject_by_close(conn, 403, 1008,
			arena_printf(&conn->arena, "%s %s: %s", first->source, first->name,
				first->message));
		return;
	}
	detail_reply_errors(conn->transport, status, errors, &session_extra(conn)->response_headers,
		conn->extra->exchange == NULL);
	session_refused(conn, status);
}

void session_fail(struct sl_conn *conn, const char *what, int result)
{
	if (conn->phase == SESSION_ENDED)
		return;
	log_error("%s: %s failed with %d, %s", session_label(conn), what, result,
		conn->phase == SESSION_OPEN        ? "closing with 1011"
		: conn->phase == SESSION_STREAMING ? "breaking its answer off"
						   : "answering 500");
	if (conn->phase == SESSION_OPEN)
		close_open(conn, 1011, "internal error", SL_BY_HOST);
	else if (conn->phase == SESSION_STREAMING)
		exchange_cut(conn, SL_BY_HOST);
	else
		session_refuse_detail(conn, 500, "Internal Server Error");
}

/* The request is on the caller's stack and must be copied to outlive it. */
static void keep_request(struct sl_conn *conn)
{
	session_extra(conn)->request = request_copy(conn->extra->request);
	session_extra(conn)->owns_request = true;
}

void session_call_connect(struct sl_conn *conn)
{
	int result = SL_OK;

	conn->owes_disconnect = true;
	if (conn->route->plugin->info.connect != NULL)
		result = plugin_call_connect(conn->route->plugin, conn, conn->args);
	if (result < 0)
		session_fail(conn, "connect", result);
	else if (result != SL_LATER && conn->phase == SESSION_DECIDING)
		session_accept(conn, NULL);
}

void session_connect(struct sl_conn *conn)
{
	if (session_subprotocol_check(conn) && session_inject(conn, session_call_provider))
		session_call_connect(conn);
	session_settle_request(conn);
}

void session_settle_request(struct sl_conn *conn)
{
	/* One that was accepted and closed has its disconnect to come, a request its end. */
	bool is_owed = conn->owes_disconnect || conn->extra->exchange != NULL;

	if (conn->phase == SESSION_DECIDING || conn->phase == SESSION_STREAMING ||
		(is_owed && (conn->route->plugin->info.flags & SL_KEEP_REQUEST) != 0))
		keep_request(conn);
	else
		drop_request(conn);
}
