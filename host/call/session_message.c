/*
 * Messages of an open connection, both ways. One whose providers of scope message answer later is
 * kept, and the transport hands over no other until it was delivered, so that order holds and at
 * most one message of a connection waits here. Called by net/ and host_table.c.
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>

#include "base/expect.h"
#include "base/log.h"
#include "base/utf8.h"
#include "call/host_state.h"
#include "call/session.h"
#include "call/session_inject.h"
#include "call/session_move.h"

/* ---- in --------------------------------------------------------------------------------- */

static void refuse_type(struct sl_conn *conn, uint32_t type)
{
	session_stop(conn, 1003,
		type == SL_TEXT ? "this route takes binary messages only"
				: "this route takes text messages only");
}

static inline void deliver(struct sl_conn *conn, const struct sl_message *message)
{
	struct host *host = session_host(conn);
	int result;

	if (LIKELY(message->type == SL_TEXT))
		host->heard = (struct span){message->data.ptr, message->data.len};
	result = plugin_call_message(conn->route->plugin, conn, conn->args, message);
	host->heard = (struct span){NULL, 0};
	if (UNLIKELY(result < 0) && conn->phase == SESSION_OPEN)
		session_fail(conn, "message", result);
}

static void keep(struct sl_conn *conn, const struct sl_message *message)
{
	struct injection *injection = conn->extra->injection;

	buf_append_span(&injection->kept, (struct span){message->data.ptr, message->data.len});
	injection->kept_type = message->type;
	conn->is_keeping = true;
	session_listen(conn);
}

static bool has_work_behind(const struct sl_conn *conn)
{
	uint64_t most = conn->route->conf->limits.jobs;

	return most != 0 && conn->extra->jobs >= most;
}

void session_listen(struct sl_conn *conn)
{
	bool holds = conn->is_keeping || has_work_behind(conn);

	if (conn->phase == SESSION_OPEN && holds != conn->is_held) {
		conn->is_held = holds;
		transport_ops(conn->transport)->set_held(conn->transport, holds);
	}
}

/* Whatever became of the message's providers. */
static void go_on(struct sl_conn *conn, enum inject_result result, const struct sl_message *message)
{
	if (result == INJECT_DONE)
		deliver(conn, message);
	else
		session_inject_message_failed(conn, result);
	session_inject_message_over(conn);
}

void session_message_resume(struct sl_conn *conn, enum inject_result result)
{
	struct injection *injection = conn->extra->injection;
	struct buf kept = injection->kept;
	struct sl_message message = {
		{kept.len == 0 ? "" : kept.data, kept.len}, injection->kept_type};

	if (result == INJECT_WAITING)
		return;
	injection->kept = (struct buf){0};
	go_on(conn, result, &message);
	buf_fini(&kept);
	conn->is_keeping = false;
	session_listen(conn);
}

/* This and what else is apart below: so that the common case does not pay for its registers. */
__attribute__((noinline)) static void inject_and_deliver(
	struct sl_conn *conn, const struct sl_message *message)
{
	enum inject_result result = session_inject_message(conn);

	if (result == INJECT_WAITING)
		keep(conn, message);
	else
		go_on(conn, result, message);
}

void session_message(struct sl_conn *conn, enum ws_opcode opcode, struct span payload)
{
	const struct sl_plugin_info *info;
	struct sl_message message = {{payload.ptr, payload.len},
		opcode == WS_TEXT ? (uint32_t)SL_TEXT : (uint32_t)SL_BINARY};

	assert(conn->phase == SESSION_OPEN);
	traffic_count(&conn->traffic.in, 1, payload.len);
	session_move(conn, session_host(conn)->generation);
	if (UNLIKELY(conn->phase != SESSION_OPEN))
		return;
	info = &conn->route->plugin->info;
	if (UNLIKELY(info->accepts != 0 && (info->accepts & message.type) == 0)) {
		refuse_type(conn, message.type);
		return;
	}
	if (UNLIKELY(info->message == NULL))
		return;
	if (UNLIKELY(session_inject_has(conn, SL_SCOPE_MESSAGE)))
		inject_and_deliver(conn, &message);
	else
		deliver(conn, &message);
}

/* ---- out -------------------------------------------------------------------------------- */

void session_drained(struct sl_conn *conn)
{
	if (conn->phase != SESSION_ENDED && conn->route->plugin->info.drained != NULL)
		plugin_call_drained(conn->route->plugin, conn, conn->args);
}

static void close_slow(struct sl_conn *conn, size_t len, unsigned code)
{
	log_warn("%s: closing %s, which reads too slowly: %zu bytes queued, %zu more do not fit "
		 "`limits: {queue}` of %llu",
		session_label(conn), session_peer(conn),
		transport_ops(conn->transport)->queued(conn->transport), len,
		(unsigned long long)conn->route->limits.queue_bytes);
	session_stop(conn, code, "reads too slowly");
}

int session_full(struct sl_conn *conn, size_t len)
{
	switch (conn->route->limits.overflow) {
	case OVERFLOW_CLOSE:
		close_slow(conn, len, 1013);
		return SL_FULL;
	case OVERFLOW_CLOSE_1008:
		close_slow(conn, len, 1008);
		return SL_FULL;
	case OVERFLOW_TELL:
		return SL_FULL;
	default:
		return SL_DROPPED;
	}
}

/* By the route, before it is even read: a length may be -1 of a call that failed. */
int session_too_long(struct sl_conn *conn, size_t len)
{
	uint64_t overflow = conn->route->limits.overflow;

	if (overflow != OVERFLOW_CLOSE && overflow != OVERFLOW_CLOSE_1008)
		log_error("%s: a message of %zu bytes to send never fits `limits: {queue}` of %llu",
			session_label(conn), len,
			(unsigned long long)conn->route->limits.queue_bytes);
	if (overflow != OVERFLOW_TELL)
		transport_extra(conn->transport)->dropped++;
	return session_full(conn, len);
}

static inline int told(struct sl_conn *conn, enum sent sent, size_t len)
{
	if (UNLIKELY(sent != SENT_QUEUED))
		return sent == SENT_FULL ? session_full(conn, len) : SL_DROPPED;
	traffic_count(&conn->traffic.out, 1, len);
	return SL_OK;
}

bool session_send_joined(struct sl_conn *conn, struct ws_joined *joined)
{
	if (conn->phase != SESSION_OPEN ||
		!transport_ops(conn->transport)->send_joined(conn->transport, joined))
		return false;
	traffic_count(&conn->traffic.out, ws_joined_count(joined), ws_joined_payload_bytes(joined));
	return true;
}

int session_send_shared(struct sl_conn *conn, struct ws_shared *shared)
{
	return session_send_shared_keyed(conn, shared, 0);
}

int session_send_shared_keyed(struct sl_conn *conn, struct ws_shared *shared, uint64_t key)
{
	enum sent sent;

	if (conn->phase != SESSION_OPEN)
		return SL_CLOSED;
	sent = transport_ops(conn->transport)->send_shared(conn->transport, shared, key);
	return told(conn, sent, ws_shared_payload(shared).len);
}

int session_send(struct sl_conn *conn, uint32_t type, struct span data)
{
	return session_send_keyed(conn, type, data, 0);
}

/* A text that is sent on as it came was looked at before. */
static bool is_heard(const struct host *host, struct span text)
{
	return text.ptr == host->heard.ptr && text.len == host->heard.len;
}

/* Why a message cannot be sent as it is. SL_OK: it can. */
static int find_fault(struct sl_conn *conn, uint32_t type, struct span data)
{
	if (conn->phase != SESSION_OPEN)
		return session_not_open(conn, "sl_send");
	if (type != SL_TEXT && type != SL_BINARY) {
		log_error("%s: sl_send with type %u, wanted SL_TEXT or SL_BINARY",
			session_label(conn), type);
		return SL_INVALID;
	}
	if (data.ptr == NULL && data.len > 0) {
		log_error("%s: sl_send with %zu bytes at NULL", session_label(conn), data.len);
		return SL_INVALID;
	}
	if (data.len > conn->route->limits.queue_bytes)
		return session_too_long(conn, data.len);
	/* A text that is not UTF-8 would make the peer drop the connection without a word here. */
	if (type == SL_TEXT && !is_heard(session_host(conn), data) && !utf8_valid(data)) {
		log_error("%s: a text of %zu bytes to send is not UTF-8; send it as SL_BINARY",
			session_label(conn), data.len);
		return SL_INVALID;
	}
	return SL_OK;
}

/* The common case, in a few instructions: what find_fault would find nothing wrong with. */
static inline bool is_plain(const struct sl_conn *conn, uint32_t type, struct span data)
{
	return conn->phase == SESSION_OPEN && data.len - 1 < conn->route->limits.queue_bytes &&
	       (type == SL_TEXT ? is_heard(session_host(conn), data)
				: type == SL_BINARY && data.ptr != NULL);
}

static inline int send_checked(struct sl_conn *conn, uint32_t type, struct span data, uint64_t key)
{
	struct transport *transport = conn->transport;
	enum ws_opcode opcode = type == SL_TEXT ? WS_TEXT : WS_BINARY;

	return told(conn, transport_ops(transport)->send(transport, opcode, data, key), data.len);
}

/* Apart, as what follows does not need its registers. */
__attribute__((noinline)) static int check_and_send(
	struct sl_conn *conn, uint32_t type, struct span data, uint64_t key)
{
	int fault = find_fault(conn, type, data);

	return fault != SL_OK ? fault : send_checked(conn, type, data, key);
}

int session_send_keyed(struct sl_conn *conn, uint32_t type, struct span data, uint64_t key)
{
	if (UNLIKELY(!is_plain(conn, type, data)))
		return check_and_send(conn, type, data, key);
	return send_checked(conn, type, data, key);
}
