/*
 * Who closes: after the peer's close frame, or a broken rule, we send ours and then FIN at once
 * (RFC 6455 section 7.1.1 wants the server to end TCP first); after our own close the peer's
 * answer ends it, or close_ms. Knows no plugin; call/ is told what came and how it ended.
 * SPDX-License-Identifier: MIT
 */
#include "net/ws_conn.h"

#include <assert.h>

#include "base/log.h"
#include "call/host.h"
#include "net/clock.h"
#include "net/conn.h"

enum {
	CODE_GOING_AWAY = 1001,
	CODE_NONE = 1005,
	CODE_LOST = 1006,
	CODE_INTERNAL = 1011,
	DEAD_PEER_MS = 1000, /* for a peer that did not even answer a ping */
};

static const struct conn_protocol protocol;

static bool is_ws(const struct conn *conn)
{
	return conn->protocol == &protocol && !conn->is_dead;
}

static bool is_open(const struct conn *conn)
{
	return is_ws(conn) && conn->ws.closed_ms == 0;
}

static void send_frame(struct conn *conn, unsigned opcode, struct span payload)
{
	uint8_t header[WS_HEADER_MAX];
	size_t len = ws_header_encode(header, opcode, payload.len);

	conn_send(conn, (struct span){(const char *)header, len}, payload);
}

static void send_close(struct conn *conn, unsigned code, struct span reason)
{
	uint8_t payload[WS_CONTROL_MAX];
	size_t len = ws_close_encode(payload, code, reason.ptr, reason.len);

	send_frame(conn, WS_CLOSE, (struct span){(const char *)payload, len});
	conn->ws.closed_ms = clock_ms();
}

/* Our close frame first, while the session still has its name for the log. */
static void end(struct conn *conn, unsigned code, struct span reason, unsigned by)
{
	struct sl_conn *session = conn->transport.session;

	send_close(conn, code == CODE_NONE ? 0 : code, reason);
	if (by == ENDED_BY_HOST)
		log_debug("%s %s: closing with %u \"%.*s\"", conn->transport.peer,
			session == NULL ? "" : session_label(session), code, SPAN_ARG(reason));
	if (session != NULL)
		session_end(session, code, reason, by);
}

/* ---- receiving ------------------------------------------------------------------------------ */

static void take_close(struct conn *conn, const struct ws_message *message)
{
	if (is_open(conn))
		end(conn, message->close_code, message->payload, ENDED_BY_PEER);
	linger_begin(conn, conn->ws.close_ms);
}

static void take_broken(struct conn *conn, const struct err *why)
{
	if (is_open(conn))
		end(conn, err_close_code(why->code), span_of(why->text), ENDED_BY_HOST);
	linger_begin(conn, conn->ws.close_ms);
}

/* A peer that pings and never reads gets no more pongs than its queue may hold. */
static void take_ping(struct conn *conn, struct span payload)
{
	if (is_open(conn) && conn->outbox.bytes <= conn->ws.queue_bytes)
		send_frame(conn, WS_PONG, payload);
}

static void take_message(struct conn *conn, struct ws_message *message)
{
	struct err why;

	if (!is_open(conn) || conn->transport.session == NULL)
		return;
	if (message->is_compressed &&
		!ws_deflate_inflate(conn->ws.deflate, message, conn->ws.decoder.limit, &why)) {
		take_broken(conn, &why);
		return;
	}
	conn->ws.message_ms = conn->ws.received_ms;
	session_message(conn->transport.session, message->opcode, message->payload);
}

static void take(struct conn *conn, struct ws_message *message)
{
	switch (message->opcode) {
	case WS_CLOSE:
		take_close(conn, message);
		break;
	case WS_PING:
		take_ping(conn, message->payload);
		break;
	case WS_PONG:
		/* That something came is all it says. */
		break;
	default:
		take_message(conn, message);
	}
}

static void decode(struct conn *conn, uint8_t *data, size_t len)
{
	struct ws_message message;
	struct err why;

	/* Once more after the last byte: the decoder then lets go of what it handed out. */
	while (is_ws(conn)) {
		/* At most what one read brought: nothing is read while it waits. */
		if (conn->is_held) {
			buf_append(&conn->stash, data, len);
			return;
		}
		switch (ws_decode(&conn->ws.decoder, &data, &len, &message, &why)) {
		case WIRE_MORE:
			return;
		case WIRE_BAD:
			take_broken(conn, &why);
			return;
		case WIRE_DONE:
			take(conn, &message);
		}
	}
}

/* Frames that came while the plugin had not yet accepted, or was busy with one before them. */
static void decode_stash(struct conn *conn)
{
	struct buf stash = conn->stash;

	if (stash.len == 0 || conn->is_held)
		return;
	conn->stash = (struct buf){0};
	decode(conn, (uint8_t *)stash.data, stash.len);
	buf_fini(&stash);
}

static void ws_received(struct conn *conn, uint8_t *data, size_t len)
{
	conn->ws.received_ms = clock_ms();
	conn->ws.pinged_ms = 0;
	decode_stash(conn);
	decode(conn, data, len);
}

static void ws_ended(struct conn *conn)
{
	if (conn->transport.session != NULL)
		session_end(conn->transport.session, CODE_LOST, SPAN(""), ENDED_BY_PEER);
	conn_drop(conn);
}

static void ws_sent(struct conn *conn)
{
	bool drained = conn->owes_drained;

	conn->owes_drained = false;
	decode_stash(conn);
	if (drained && is_open(conn) && conn->transport.session != NULL)
		session_drained(conn->transport.session);
}

/* ---- silence -------------------------------------------------------------------------------- */

static bool is_over(uint64_t since_ms, uint32_t limit_ms, uint64_t now_ms)
{
	return limit_ms != 0 && now_ms >= since_ms + limit_ms;
}

static bool is_watched_for_silence(const struct conn *conn)
{
	return conn->ws.ping_interval_ms != 0;
}

/* Nothing is read, so that nothing comes is no sign of the peer's. */
static bool is_deaf(const struct conn *conn)
{
	return conn->is_paused || conn->is_held;
}

static bool is_idle(const struct conn *conn, uint64_t now_ms)
{
	return !is_deaf(conn) && is_over(conn->ws.message_ms, conn->ws.idle_ms, now_ms);
}

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0)
		return a_ms + b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

/* When to look at the peer's silence again; 0: never. */
static uint64_t next_ping(const struct ws_state *ws, uint64_t now_ms)
{
	if (ws->pinged_ms == 0)
		return ws->received_ms + ws->ping_interval_ms;
	/* What comes in meanwhile touches no deadline, and starts a new silence. */
	return sooner(ws->pinged_ms + ws->ping_timeout_ms, now_ms + ws->ping_interval_ms);
}

static uint64_t next_due(const struct conn *conn, uint64_t now_ms)
{
	const struct ws_state *ws = &conn->ws;
	uint64_t idle_ms = 0;

	if (ws->closed_ms != 0)
		return ws->closed_ms + ws->close_ms;
	if (ws->idle_ms != 0 && !is_deaf(conn))
		idle_ms = ws->message_ms + ws->idle_ms;
	return sooner(idle_ms, is_watched_for_silence(conn) ? next_ping(ws, now_ms) : 0);
}

static void schedule(struct conn *conn, uint64_t now_ms)
{
	uint64_t due_ms = next_due(conn, now_ms);

	if (due_ms != 0)
		conn_schedule(conn, due_ms);
}

static void ping_or_give_up(struct conn *conn, uint64_t now_ms)
{
	struct ws_state *ws = &conn->ws;

	if (is_deaf(conn)) {
		/* Nobody reads its pongs; but sending to one that has gone fails. */
		if (is_over(ws->received_ms, ws->ping_interval_ms, now_ms)) {
			send_frame(conn, WS_PING, SPAN(""));
			ws->received_ms = now_ms;
		}
	} else if (ws->pinged_ms == 0 && is_over(ws->received_ms, ws->ping_interval_ms, now_ms)) {
		send_frame(conn, WS_PING, SPAN(""));
		ws->pinged_ms = now_ms;
	} else if (ws->pinged_ms != 0 && now_ms >= ws->pinged_ms + ws->ping_timeout_ms) {
		end(conn, CODE_INTERNAL, SPAN("keepalive ping timeout"), ENDED_BY_HOST);
		linger_begin(conn, ws->close_ms < DEAD_PEER_MS ? ws->close_ms : DEAD_PEER_MS);
	}
}

static uint64_t ws_due(struct conn *conn, uint64_t now_ms)
{
	const struct ws_state *ws = &conn->ws;

	if (ws->closed_ms != 0) {
		if (now_ms >= ws->closed_ms + ws->close_ms)
			conn_drop(conn);
	} else if (is_idle(conn, now_ms)) {
		end(conn, CODE_GOING_AWAY, SPAN("idle timeout"), ENDED_BY_HOST);
	} else if (is_watched_for_silence(conn)) {
		ping_or_give_up(conn, now_ms);
	}
	return is_ws(conn) ? next_due(conn, now_ms) : 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void ws_fini(struct conn *conn)
{
	ws_decoder_fini(&conn->ws.decoder);
	ws_deflate_free(conn->ws.deflate);
}

static const struct conn_protocol protocol = {
	.received = ws_received,
	.ended = ws_ended,
	.sent = ws_sent,
	.due = ws_due,
	.fini = ws_fini,
};

/* Half the range, so that sums and differences of a few stay clear of overflow. */
static uint32_t limit_ms(uint64_t ms)
{
	return ms > INT32_MAX ? INT32_MAX : (uint32_t)ms;
}

static void take_limits(struct ws_state *ws, const struct transport_limits *limits)
{
	ws->queue_bytes = limits->queue_bytes;
	ws->idle_ms = limit_ms(limits->idle_ms);
	ws->close_ms = limit_ms(limits->close_ms);
	ws->ping_interval_ms = limit_ms(limits->ping_interval_ms);
	ws->ping_timeout_ms = limit_ms(limits->ping_timeout_ms);
}

void ws_conn_begin(struct conn *conn, const struct upgrade *upgrade)
{
	uint64_t now_ms = clock_ms();

	conn_speak(conn, &protocol);
	conn->ws = (struct ws_state){.received_ms = now_ms, .message_ms = now_ms};
	take_limits(&conn->ws, &upgrade->limits);
	ws_decoder_init(&conn->ws.decoder, upgrade->limits.message_bytes);
	if (upgrade->compression != NULL) {
		conn->ws.deflate = ws_deflate_new(&conn->set->deflate, upgrade->compression);
		conn->ws.decoder.takes_compressed = true;
	}
	conn->is_held = false;
	schedule(conn, now_ms);
	conn_touch(conn);
}

/* ---- what call/ asks for -------------------------------------------------------------------- */

/* A length is a plugin's to choose, -1 of a failed read included: no sum of it may wrap around. */
static bool has_room(const struct conn *conn, size_t header, size_t payload)
{
	size_t limit = conn->ws.queue_bytes, used = conn->outbox.bytes + header;

	return used <= limit && payload <= limit - used;
}

bool ws_conn_send(struct transport *transport, enum ws_opcode opcode, struct span payload)
{
	struct conn *conn = conn_of(transport);
	uint8_t header[WS_HEADER_MAX];
	size_t len = ws_header_encode(header, opcode, payload.len);
	bool is_smaller;

	if (!is_open(conn) || !has_room(conn, len, payload.len))
		return false;
	is_smaller = conn->ws.deflate != NULL && ws_deflate_compress(conn->ws.deflate, &payload);
	send_frame(conn, is_smaller ? opcode | WS_COMPRESSED : opcode, payload);
	return true;
}

bool ws_conn_send_shared(struct transport *transport, struct ws_shared *shared)
{
	struct conn *conn = conn_of(transport);
	struct span frame = ws_shared_frame(shared);

	if (!is_open(conn) || !has_room(conn, 0, frame.len))
		return false;
	conn_send_shared(conn, shared, ws_shared_frame_for(shared, conn->ws.deflate));
	return true;
}

void ws_conn_close(struct transport *transport, unsigned code, struct span reason)
{
	struct conn *conn = conn_of(transport);

	if (!is_open(conn))
		return;
	send_close(conn, code, reason);
	/* The peer's answer is to be read, and what it sent before to be ignored. */
	conn->is_paused = conn->is_held = false;
	schedule(conn, conn->ws.closed_ms);
}

/* Reading begins or ends. */
static void turn_ear(struct conn *conn)
{
	conn_touch(conn);
	if (!is_open(conn))
		return;
	conn->ws.pinged_ms = 0;
	if (is_deaf(conn))
		return;
	/* The silence was ours. */
	conn->ws.received_ms = conn->ws.message_ms = clock_ms();
	schedule(conn, conn->ws.received_ms);
}

void ws_conn_set_paused(struct transport *transport, bool paused)
{
	struct conn *conn = conn_of(transport);

	if (conn->is_dead || conn->is_paused == paused)
		return;
	conn->is_paused = paused;
	turn_ear(conn);
}

void ws_conn_set_held(struct transport *transport, bool held)
{
	struct conn *conn = conn_of(transport);

	if (!is_open(conn) || conn->is_held == held)
		return;
	conn->is_held = held;
	turn_ear(conn);
}

bool ws_conn_set_limits(struct transport *transport, const struct transport_limits *limits)
{
	struct conn *conn = conn_of(transport);

	if (!is_open(conn) || !ws_decoder_set_limit(&conn->ws.decoder, limits->message_bytes))
		return false;
	take_limits(&conn->ws, limits);
	schedule(conn, clock_ms());
	return true;
}
