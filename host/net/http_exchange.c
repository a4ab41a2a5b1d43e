/*
 * A body is decoded as it comes, into one buffer that call/ is given. An answer in pieces is chunks
 * (RFC 9112 section 7.1), for an HTTP/1.0 client the bytes alone and then the end of the
 * connection. Called by http_conn.c, and by call/ through the transport. SPDX-License-Identifier:
 * MIT
 */
#include "net/http_exchange.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/admin.h"
#include "call/host.h"
#include "net/conn.h"

enum { CODE_LOST = 1006 };

void http_exchange_set_patience(struct transport *transport, uint64_t ms)
{
	struct conn *conn = conn_of(transport);

	if (!http_conn_is(conn))
		return;
	conn->http->patience_ms = ms;
	conn->http->since_ms = clock_ms();
	conn_schedule(conn, conn->http->since_ms + ms);
}

/* ---- the body ------------------------------------------------------------------------------- */

void http_exchange_want_body(struct transport *transport, uint64_t body_bytes)
{
	struct conn *conn = conn_of(transport);
	struct http_state *http = conn->http;

	if (!http_conn_is(conn))
		return;
	assert(http->stage == HTTP_ASKED);
	http->stage = HTTP_BODY;
	http->body_left = 0;
	http->closes = http->is_last;
	if (http->framing.is_chunked)
		http_body_init_chunked(&http->body, body_bytes);
	else
		http_body_init_length(&http->body, http->framing.content_length, body_bytes);
	http->since_ms = clock_ms();
	conn_schedule(conn, http->since_ms + http->patience_ms);
	if (http->framing.expects_continue)
		conn_send(conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"), (struct span){NULL, 0});
	/* What has come already waits in the stash, and perhaps nothing else will. */
	conn->is_held = false;
	conn_touch(conn);
}

/* The session is told last: it may not be there any more. */
static void fail_body(struct conn *conn, const struct err *why, unsigned by)
{
	struct sl_conn *session = conn->transport.session;

	log_debug("%s %s: %s", conn_client(conn), session == NULL ? "" : session_label(session),
		why->text);
	http_conn_refuse(conn, why);
	if (session != NULL)
		session_end(session, CODE_LOST, span_of(why->text), by);
}

static void body_is_whole(struct conn *conn)
{
	struct http_state *http = conn->http;

	http->stage = HTTP_ASKED;
	http->since_ms = clock_ms();
	conn_schedule(conn, http->since_ms + http->patience_ms);
	if (extra_of(conn)->of_call.admin != NULL)
		admin_body(&conn->transport, &http->collected);
	else
		exchange_body(conn->transport.session, &http->collected);
}

size_t http_exchange_take_body(struct conn *conn, const char *data, size_t len)
{
	struct http_state *http = conn->http;
	struct span in = {data, len};
	struct err why;

	switch (http_body_decode(&http->body, &in, &http->collected, &why)) {
	case WIRE_MORE:
		return len;
	case WIRE_BAD:
		fail_body(conn, &why, ENDED_BY_HOST);
		return len;
	default:
		body_is_whole(conn);
		return len - in.len;
	}
}

void http_exchange_late_body(struct conn *conn)
{
	struct err why;

	err_set(&why, ERR_TIMEOUT, "the body took longer than %llu ms",
		(unsigned long long)conn->http->patience_ms);
	fail_body(conn, &why, ENDED_BY_HOST);
}

void http_exchange_cut_body(struct conn *conn)
{
	struct err why;

	err_set(&why, ERR_BAD_REQUEST, "the connection ended within the request body");
	fail_body(conn, &why, ENDED_BY_PEER);
}

/* ---- an answer in pieces -------------------------------------------------------------------- */

void http_exchange_begin(
	struct transport *transport, const struct reply *reply, uint64_t queue_bytes)
{
	struct conn *conn = conn_of(transport);
	struct http_state *http = conn->http;

	if (!http_conn_is(conn))
		return;
	assert(http->stage == HTTP_ASKED);
	http->has_body = http_conn_has_body(conn, reply);
	/* Only the end of the connection tells an old client the end of the body. */
	if ((http->is_old && http->has_body) || conn->set->is_stopping)
		http->closes = true;
	http_conn_put_head(conn, reply);
	http->stage = HTTP_STREAMING;
	http->queue_bytes = queue_bytes;
	http->written = conn->outbox.bytes;
	http->unsent = UINT64_MAX;
	http->since_ms = clock_ms();
}

static void put(struct conn *conn, struct span header, struct span data)
{
	conn->http->written += header.len + data.len;
	conn_send(conn, header, data);
}

bool http_exchange_write(struct transport *transport, struct span data)
{
	struct conn *conn = conn_of(transport);
	struct http_state *http = conn->http;
	char size[24];
	int len;

	if (!http_conn_is(conn) || !http->has_body)
		return true;
	assert(http->stage == HTTP_STREAMING);
	if (conn->outbox.bytes > http->queue_bytes ||
		data.len > http->queue_bytes - conn->outbox.bytes) {
		/* It may all leave at the end of this turn, without the socket ever being full. */
		conn->owes_drained = true;
		conn_touch(conn);
		return false;
	}
	if (http->is_old) {
		put(conn, data, (struct span){NULL, 0});
		return true;
	}
	len = snprintf(size, sizeof(size), "%zx\r\n", data.len);
	put(conn, (struct span){size, (size_t)len}, data);
	put(conn, SPAN("\r\n"), (struct span){NULL, 0});
	return true;
}

void http_exchange_finish(struct transport *transport, bool is_whole)
{
	struct conn *conn = conn_of(transport);
	struct http_state *http = conn->http;

	if (!http_conn_is(conn))
		return;
	assert(http->stage == HTTP_STREAMING);
	if (!is_whole)
		http->closes = true;
	else if (http->has_body && !http->is_old)
		put(conn, SPAN("0\r\n\r\n"), (struct span){NULL, 0});
	http_conn_answered(conn);
}

void http_exchange_sent(struct conn *conn, bool owes_drained)
{
	if (!owes_drained || conn->transport.session == NULL)
		return;
	session_drained(conn->transport.session);
	/* However fast the peer reads: the others have a turn before the next piece leaves. */
	if (!conn->is_dead && conn->outbox.bytes > 0)
		conn->is_blocked = conn->owes_drained = true;
}

/* A slow reader is fine as long as it reads at all; a slow plugin always is. */
uint64_t http_exchange_due(struct conn *conn, uint64_t now_ms)
{
	struct http_state *http = conn->http;
	uint64_t left = conn->outbox.bytes, gone = http->written - left;

	if (left > 0 && gone == http->unsent) {
		log_debug("%s: reads nothing of its answer", conn_client(conn));
		conn_lose(conn);
		return 0;
	}
	http->unsent = left > 0 ? gone : UINT64_MAX;
	return now_ms + conn->set->handshake_ms;
}
