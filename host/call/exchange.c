/*
 * The steps of a plain request, in this order: head, arguments, body, providers of scope message,
 * the plugin's request, its answer. Each may have to wait; whoever brings what is waited for calls
 * the next step. Called by host.c, session.c, session_inject.c, host_table.c, and by net/ with the
 * body. SPDX-License-Identifier: MIT
 */
#include "call/exchange.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "call/access_log.h"
#include "call/detail.h"
#include "call/host_state.h"
#include "call/session_inject.h"

enum { CODE_WHOLE = 1000, CODE_LOST = 1006 };

struct exchange {
	struct buf body;
	struct sl_request request; /* as the plugin sees it */
	bool is_called;            /* the plugin knows of it: request_end is owed */
	unsigned status;           /* of an answer in pieces */
	const char *peer;
	struct access told; /* to the log */
};

void exchange_attach(struct sl_conn *conn)
{
	struct exchange *exchange = arena_alloc(&conn->arena, sizeof(*exchange));

	exchange->peer = arena_text(&conn->arena, transport_peer(conn->transport),
		strlen(transport_peer(conn->transport)));
	session_extra(conn)->exchange = exchange;
}

const char *exchange_peer(const struct exchange *exchange)
{
	return exchange->peer;
}

/* ---- answering -------------------------------------------------------------------------- */

static int may_respond(const struct sl_conn *conn, const char *who, unsigned status)
{
	if (conn->extra->exchange == NULL) {
		log_error("%s: %s on a WebSocket, wanted a plain request; use sl_send",
			session_label(conn), who);
		return SL_INVALID;
	}
	if (conn->phase != SESSION_DECIDING)
		return SL_CLOSED;
	if (status >= 200 && status <= 599)
		return SL_OK;
	log_error("%s: %s with status %u, wanted 200 to 599", session_label(conn), who, status);
	return SL_INVALID;
}

static void answered(struct sl_conn *conn, unsigned status)
{
	session_finish(conn, CODE_WHOLE, SPAN(""), SL_BY_PLUGIN);
	session_extra(conn)->end.status = status;
}

int exchange_respond(struct sl_conn *conn, struct reply *reply)
{
	int may = may_respond(conn, "sl_respond", reply->status);

	if (may != SL_OK)
		return may;
	reply->headers = conn->extra->response_headers;
	transport_ops(conn->transport)->reply(conn->transport, reply);
	answered(conn, reply->status);
	return SL_OK;
}

int exchange_start(struct sl_conn *conn, struct reply *reply)
{
	int may = may_respond(conn, "sl_respond_start", reply->status);

	if (may != SL_OK)
		return may;
	if (!conn->extra->exchange->is_called) {
		log_error("%s: sl_respond_start in a provider; only the plugin's request can "
			  "answer in pieces",
			session_label(conn));
		return SL_INVALID;
	}
	reply->headers = conn->extra->response_headers;
	transport_ops(conn->transport)
		->begin(conn->transport, reply, conn->route->limits.queue_bytes);
	conn->phase = SESSION_STREAMING;
	conn->extra->exchange->status = reply->status;
	return SL_OK;
}

int exchange_write(struct sl_conn *conn, struct span data)
{
	uint64_t most = conn->route->limits.queue_bytes;

	if (conn->phase != SESSION_STREAMING)
		return may_respond(conn, "sl_respond_write", 200) == SL_INVALID ? SL_INVALID
										: SL_CLOSED;
	if (data.len == 0)
		return SL_OK;
	if (data.ptr == NULL || data.len > most) {
		log_error("%s: sl_respond_write with %zu bytes at %s, wanted at most the %llu of "
			  "`limits: {queue}`",
			session_label(conn), data.len, data.ptr == NULL ? "NULL" : "once",
			(unsigned long long)most);
		return SL_INVALID;
	}
	if (!transport_ops(conn->transport)->write(conn->transport, data))
		return SL_FULL;
	conn->extra->exchange->told.answer.bytes += data.len;
	return SL_OK;
}

int exchange_end(struct sl_conn *conn)
{
	if (conn->phase != SESSION_STREAMING)
		return may_respond(conn, "sl_respond_end", 200) == SL_INVALID ? SL_INVALID
									      : SL_CLOSED;
	transport_ops(conn->transport)->finish(conn->transport, true);
	answered(conn, conn->extra->exchange->status);
	return SL_OK;
}

void exchange_cut(struct sl_conn *conn, unsigned by)
{
	assert(conn->phase == SESSION_STREAMING);
	transport_ops(conn->transport)->finish(conn->transport, false);
	session_finish(conn, CODE_LOST, SPAN(""), by);
	session_extra(conn)->end.status = conn->extra->exchange->status;
}

/* ---- the plugin ------------------------------------------------------------------------- */

static void nothing_to_say(struct sl_conn *conn)
{
	struct reply reply = {.status = 204, .fd = -1};

	exchange_respond(conn, &reply);
}

static void call_request(struct sl_conn *conn)
{
	int result;

	conn->extra->exchange->is_called = true;
	result = plugin_call_request(
		conn->route->plugin, conn, conn->args, &conn->extra->exchange->request);
	if (conn->phase == SESSION_ENDED || result == SL_LATER)
		return;
	if (result < 0)
		session_fail(conn, "request", result);
	else if (conn->phase == SESSION_STREAMING)
		exchange_end(conn);
	else
		nothing_to_say(conn);
}

void exchange_resume(struct sl_conn *conn, enum inject_result result)
{
	if (result == INJECT_WAITING)
		return;
	if (result == INJECT_DONE)
		call_request(conn);
	else
		session_inject_message_failed(conn, result);
}

/* The body is there. */
static void arguments_of_message(struct sl_conn *conn)
{
	if (session_inject_has(conn, SL_SCOPE_MESSAGE))
		exchange_resume(conn, session_inject_message(conn));
	else
		call_request(conn);
}

/* ---- what it is given ------------------------------------------------------------------- */

/* The plugin may look at them as long as it has not answered; the head is elsewhere by then. */
static struct sl_str keep(struct sl_conn *conn, struct span text)
{
	struct span kept = text.ptr == NULL ? text : arena_span(&conn->arena, text);

	return (struct sl_str){kept.ptr, kept.len};
}

static void note_head(struct sl_conn *conn)
{
	const struct http_head *head = conn->extra->request->head;
	bool is_get = span_equal(head->method, SPAN("HEAD")) && !conn->route->wants_head;

	conn->extra->exchange->request = (struct sl_request){
		.method = keep(conn, is_get ? SPAN("GET") : head->method),
		.body = {"", 0},
		.content_type = keep(conn, http_header_get(head, SPAN("content-type"), 0)),
	};
}

void exchange_go_on(struct sl_conn *conn)
{
	note_head(conn);
	if (conn->extra->request->head->has_body)
		transport_ops(conn->transport)
			->want_body(conn->transport, conn->route->conf->limits.body_bytes);
	else
		arguments_of_message(conn);
}

void exchange_body(struct sl_conn *conn, struct buf *body)
{
	struct exchange *exchange = conn->extra->exchange;

	assert(exchange != NULL && conn->phase == SESSION_DECIDING);
	exchange->body = *body;
	*body = (struct buf){0};
	if (exchange->body.len > 0)
		exchange->request.body = (struct sl_str){exchange->body.data, exchange->body.len};
	arguments_of_message(conn);
}

static bool is_too_long(const struct sl_conn *conn)
{
	const struct http_head *head = conn->extra->request->head;

	return !head->is_chunked && head->content_length > conn->route->conf->limits.body_bytes;
}

/* Before anybody was asked, so that nobody waits for a body that is not wanted. */
static void refuse_body(struct sl_conn *conn)
{
	char *text = arena_printf(&conn->arena, "the body is longer than %llu bytes",
		(unsigned long long)conn->route->conf->limits.body_bytes);

	log_info("%s: refused %s with 413: %s", session_label(conn), session_peer(conn), text);
	detail_reply(conn->transport, 413, text, NULL, true);
	session_finish(conn, CODE_LOST, SPAN(""), SL_BY_HOST);
	session_extra(conn)->end.status = 413;
}

void exchange_begin(struct sl_conn *conn)
{
	exchange_attach(conn);
	conn->extra->exchange->told = access_log_begin(conn->extra->request, &conn->arena);
	transport_ops(conn->transport)
		->set_patience(conn->transport, conn->route->conf->limits.request_ms);
	if (is_too_long(conn))
		refuse_body(conn);
	else if (session_inject(conn, session_call_provider))
		exchange_go_on(conn);
	session_settle_request(conn);
}

/* ---- ends ------------------------------------------------------------------------------- */

bool exchange_is_open(const struct sl_conn *conn)
{
	return conn->extra->exchange != NULL && conn->phase == SESSION_DECIDING;
}

void exchange_note_answer(struct sl_conn *conn)
{
	struct answer *told = &conn->extra->exchange->told.answer;
	const struct answer *given = &conn->transport->extra->answer;

	told->status = given->status;
	if (conn->phase != SESSION_STREAMING)
		told->bytes = given->bytes;
}

void exchange_free(struct sl_conn *conn)
{
	access_log_exchange(conn, &conn->extra->exchange->told);
	if (conn->extra->exchange->is_called && conn->route->plugin->info.request_end != NULL)
		plugin_call_request_end(conn->route->plugin, conn, conn->args, &conn->extra->end);
	buf_fini(&conn->extra->exchange->body);
}
