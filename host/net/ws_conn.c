/*
 * Who closes: after the peer's close frame, or a broken rule, we send ours and then FIN at once
 * (RFC 6455 section 7.1.1 wants the server to end TCP first); after our own close the peer's
 * answer ends it, or close_ms. Knows no plugin; call/ is told what came and how it ended.
 * SPDX-License-Identifier: MIT
 */
#include "net/ws_conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/expect.h"
#include "base/log.h"
#include "call/host.h"
#include "net/conn.h"
#include "net/throttle.h"
#include "net/ws_decoders.h"
#include "net/ws_queue.h"
#include "net/ws_send.h"

enum {
	CODE_GOING_AWAY = 1001,
	CODE_NONE = 1005,
	CODE_LOST = 1006,
	CODE_POLICY = 1008,
	CODE_INTERNAL = 1011,
	DEAD_PEER_MS = 1000, /* for a peer that did not even answer a ping */
};

static bool is_ws(const struct conn *conn)
{
	return conn->speech == CONN_SPEAKS_WS && !conn->is_dead;
}

static void send_close(struct conn *conn, unsigned code, struct span reason)
{
	uint8_t payload[WS_CONTROL_MAX];
	size_t len = ws_close_encode(payload, code, reason.ptr, reason.len);

	conn_commit(conn);
	ws_send_frame(conn, WS_CLOSE, (struct span){(const char *)payload, len});
	conn->ws.watch.is_closed = true;
	conn->ws.watch.closed_ms = (uint32_t)clock_ms();
}

/* Our close frame first, while the session still has its name for the log. */
static void end(struct conn *conn, unsigned code, struct span reason, unsigned by)
{
	struct sl_conn *session = conn->transport.session;

	send_close(conn, code == CODE_NONE ? 0 : code, reason);
	if (by == ENDED_BY_HOST)
		log_debug("%s %s: closing with %u \"%.*s\"", conn_client(conn),
			session == NULL ? "" : session_label(session), code, SPAN_ARG(reason));
	if (session != NULL)
		session_end(session, code, reason, by);
}

/* ---- deadlines ------------------------------------------------------------------------------ */

/* Nothing is read, so that nothing comes is no sign of the peer's. */
static bool is_deaf(const struct conn *conn)
{
	return conn->is_paused || conn->is_held || conn->is_throttled;
}

static uint64_t closing_ends(const struct ws_state *ws, uint64_t now_ms)
{
	return ws_watch_whole(ws->watch.closed_ms, now_ms) + ws->limits->close_ms;
}

static uint64_t next_due(const struct conn *conn, uint64_t now_ms)
{
	const struct ws_state *ws = &conn->ws;
	uint64_t due_ms, read_ms;

	if (ws->watch.is_closed)
		return closing_ends(ws, now_ms);
	due_ms = ws_watch_next(&ws->watch, ws->limits, is_deaf(conn), now_ms);
	if (!conn->is_throttled)
		return due_ms;
	read_ms = now_ms + throttle_wait_ms(extra_of(conn)->throttle, now_ms);
	return due_ms != 0 && due_ms < read_ms ? due_ms : read_ms;
}

static void schedule(struct conn *conn, uint64_t now_ms)
{
	uint64_t due_ms = next_due(conn, now_ms);

	if (due_ms != 0)
		conn_schedule(conn, due_ms);
}

/* ---- receiving ------------------------------------------------------------------------------ */

static void take_close(struct conn *conn, const struct ws_message *message)
{
	if (ws_send_is_open(conn))
		end(conn, message->close_code, message->payload, ENDED_BY_PEER);
	linger_begin(conn, conn->ws.limits->close_ms);
}

static void take_broken(struct conn *conn, const struct err *why)
{
	if (ws_send_is_open(conn))
		end(conn, err_close_code(why->code), span_of(why->text), ENDED_BY_HOST);
	linger_begin(conn, conn->ws.limits->close_ms);
}

/* A peer that pings and never reads gets no more pongs than its queue may hold. */
static void take_ping(struct conn *conn, struct span payload)
{
	if (ws_send_is_open(conn) && conn_queued(conn) <= conn->ws.limits->queue_bytes)
		ws_send_frame(conn, WS_PONG, payload);
}

/* Whether it lies where the connection's bytes are received. */
static bool is_received(const struct conn *conn, struct span bytes)
{
	uintptr_t begin = (uintptr_t)conn->set->receive, at = (uintptr_t)bytes.ptr;

	return conn == conn->set->reading && at >= begin && at < begin + CONN_RECEIVE_BYTES;
}

/* Of such a length that it is worth while to send it on without a copy. */
static void take_long(
	struct conn *conn, struct ws_decoder *decoder, const struct ws_message *message)
{
	struct lent *lent = &conn->set->lent;

	if (is_received(conn, message->payload))
		lent_begin_received(lent, message->payload, message->spare, &conn->outbox);
	else if (message->payload.ptr == decoder->message.data)
		lent_begin(lent, &decoder->message);
	session_message(conn->transport.session, message->opcode, message->payload);
	lent_end(lent);
}

static void take_message(struct conn *conn, struct ws_decoder *decoder, struct ws_message *message)
{
	struct err why;

	if (!ws_send_is_open(conn) || conn->transport.session == NULL)
		return;
	if (UNLIKELY(message->is_compressed) &&
		!ws_deflate_inflate(
			extra_of(conn)->deflate, message, conn->ws.limits->message_bytes, &why)) {
		take_broken(conn, &why);
		return;
	}
	conn->ws.watch.message_ms = conn->ws.watch.received_ms;
	if (UNLIKELY(message->payload.len >= LENT_LEAST)) {
		take_long(conn, decoder, message);
		return;
	}
	session_message(conn->transport.session, message->opcode, message->payload);
}

static void take(struct conn *conn, struct ws_decoder *decoder, struct ws_message *message)
{
	switch (EXPECT(message->opcode, WS_TEXT)) {
	case WS_CLOSE:
		take_close(conn, message);
		break;
	case WS_PING:
		take_ping(conn, message->payload);
		break;
	case WS_PONG:
		ws_watch_pong(&conn->ws.watch, message->payload, clock_us());
		break;
	default:
		take_message(conn, decoder, message);
	}
}

/* Drops or closes: what it came with is not taken. */
static void take_excess(struct conn *conn)
{
	const struct throttle *throttle = extra_of(conn)->throttle;
	struct err why;

	if (throttle->excess == EXCESS_TO_REFUSE) {
		log_debug("%s: over its rate, a message is dropped", conn_peer(conn));
		return;
	}
	throttle_explain(throttle, &why);
	take_broken(conn, &why);
}

static bool has_rate(const struct conn *conn)
{
	return UNLIKELY(extra_of(conn)->throttle != NULL);
}

/* False: what came is too much. A close frame never is. */
static bool is_within_rate(struct conn *conn, struct ws_decoder *decoder, size_t bytes,
	const struct ws_message *message)
{
	struct throttle *throttle = extra_of(conn)->throttle;
	uint32_t frames = decoder->frames;
	uint64_t now_ms;
	bool is_within;

	decoder->frames = 0;
	if (!ws_send_is_open(conn))
		return true;
	now_ms = clock_ms();
	is_within = throttle_take(throttle, frames, bytes, message != NULL, now_ms);
	if (throttle_wait_ms(throttle, now_ms) > 0) {
		conn->is_throttled = true;
		schedule(conn, now_ms);
	}
	return is_within || (message != NULL && message->opcode == WS_CLOSE);
}

/* All that came was looked at: a message may have begun. */
static void watch_message(struct conn *conn, const struct ws_decoder *decoder)
{
	struct ws_watch *watch = &conn->ws.watch;

	if (!ws_send_is_open(conn) || !ws_watch_decoded(watch, ws_decoder_is_inside(decoder)))
		return;
	if (conn->ws.limits->message_time_ms != 0)
		schedule(conn, clock_ms());
}

static void decode_with(struct conn *conn, struct ws_decoder *decoder, uint8_t *data, size_t len)
{
	const struct transport_limits *limits = conn->ws.limits;
	struct ws_message message;
	struct err why;

	/* Once more after the last byte: the decoder then lets go of what it handed out. */
	while (LIKELY(is_ws(conn))) {
		size_t before = len;

		/* At most what one read brought: nothing is read while it waits. */
		if (UNLIKELY(conn->is_held || conn->is_throttled)) {
			conn_extra_stash(conn, data, len);
			return;
		}
		switch (EXPECT(ws_decode(decoder, &data, &len, &message, &why), WIRE_DONE)) {
		case WIRE_MORE:
			if (has_rate(conn) && !is_within_rate(conn, decoder, before, NULL))
				take_excess(conn);
			else
				watch_message(conn, decoder);
			return;
		case WIRE_BAD:
			take_broken(conn, &why);
			return;
		case WIRE_DONE:
			ws_watch_took(&conn->ws.watch, message.opcode);
			if (has_rate(conn) &&
				!is_within_rate(conn, decoder, before - len, &message))
				take_excess(conn);
			else
				take(conn, decoder, &message);
		}
		/* The message may have brought others: a reload. */
		if (UNLIKELY(is_ws(conn) && conn->ws.limits != limits)) {
			limits = conn->ws.limits;
			ws_decoders_follow(conn, decoder);
		}
	}
}

static void decode(struct conn *conn, uint8_t *data, size_t len)
{
	struct ws_decoder *decoder;

	if (!is_ws(conn))
		return;
	decoder = ws_decoders_borrow(conn);
	decode_with(conn, decoder, data, len);
	ws_decoders_give_back(conn, decoder, is_ws(conn));
}

/* Frames that came while the plugin had not yet accepted, or was busy with one before them. */
static void decode_stash(struct conn *conn)
{
	struct buf stash;

	if (extra_of(conn)->stash.len == 0 || conn->is_held || conn->is_throttled)
		return;
	stash = conn_extra_take_stash(conn);
	decode(conn, (uint8_t *)stash.data, stash.len);
	buf_fini(&stash);
}

/* Not while something waits before it, which may change where that is. */
static uint8_t *ws_room(struct conn *conn, size_t *size)
{
	const struct conn_extra *extra = extra_of(conn);

	if (extra->decoder == NULL || extra->stash.len > 0)
		return NULL;
	return ws_decoder_room(extra->decoder, size);
}

static void ws_received(struct conn *conn, uint8_t *data, size_t len)
{
	/* With all that was ready then. */
	ws_watch_received(&conn->ws.watch, conn->set->poller.spoke_ms);
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

	conn->owes_drained = conn->wants_room = false;
	decode_stash(conn);
	if (drained && ws_send_is_open(conn) && conn->transport.session != NULL)
		session_drained(conn->transport.session);
}

/* That the peer reads slowly is no reason not to hear what it says. */
static void ws_full(struct conn *conn, bool has_sent)
{
	decode_stash(conn);
	if (has_sent && ws_send_is_open(conn) && conn->transport.session != NULL &&
		ws_queue_has_room_again(conn))
		session_drained(conn->transport.session);
}

/* ---- when time is over ----------------------------------------------------------------------- */

static void send_ping(struct conn *conn)
{
	uint8_t stamp[WS_STAMP_BYTES];

	ws_watch_ping(&conn->ws.watch, stamp, clock_us());
	ws_send_frame(conn, WS_PING, (struct span){(const char *)stamp, sizeof(stamp)});
}

/* What the peer is told when its time is over; a reason that begins with a word of the limit. */
static void give_up(struct conn *conn, enum ws_verdict verdict)
{
	static const struct {
		unsigned code;
		const char *reason;
	} ends[WS_VERDICTS] = {
		[WS_IDLE] = {CODE_GOING_AWAY, "idle timeout"},
		[WS_SILENT] = {CODE_INTERNAL, "keepalive ping timeout"},
		[WS_OLD] = {CODE_GOING_AWAY, "lifetime over"},
		[WS_ENDLESS] = {CODE_POLICY, "message timeout"},
	};
	uint64_t close_ms = conn->ws.limits->close_ms;

	end(conn, ends[verdict].code, span_of(ends[verdict].reason), ENDED_BY_HOST);
	/* The answer is to be read, whatever the plugin or the rate says. */
	conn->is_paused = conn->is_held = conn->is_throttled = false;
	conn_touch(conn);
	if (verdict == WS_SILENT)
		linger_begin(conn, close_ms < DEAD_PEER_MS ? close_ms : DEAD_PEER_MS);
}

static void begin_reading(struct conn *conn, uint64_t now_ms)
{
	conn->is_throttled = false;
	ws_watch_listens(&conn->ws.watch, now_ms);
	decode_stash(conn);
	conn_touch(conn);
}

static uint64_t ws_due(struct conn *conn, uint64_t now_ms)
{
	struct ws_state *ws = &conn->ws;
	enum ws_verdict verdict;

	if (ws->watch.is_closed) {
		if (now_ms < closing_ends(ws, now_ms))
			return next_due(conn, now_ms);
		conn_drop(conn);
		return 0;
	}
	verdict = ws_watch_look(&ws->watch, ws->limits, is_deaf(conn), now_ms);
	if (verdict == WS_PING_DUE)
		send_ping(conn);
	else if (verdict != WS_FINE)
		give_up(conn, verdict);
	else if (conn->is_throttled && throttle_wait_ms(extra_of(conn)->throttle, now_ms) == 0)
		begin_reading(conn, now_ms);
	return is_ws(conn) ? next_due(conn, now_ms) : 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void ws_fini(struct conn *conn)
{
	ws_limits_put(conn->ws.limits);
	ws_decoders_drop(conn);
	if (extra_of(conn)->throttle != NULL) {
		free(extra_of(conn)->throttle);
		conn_extra(conn)->throttle = NULL;
	}
	if (extra_of(conn)->deflate != NULL) {
		ws_deflate_free(extra_of(conn)->deflate);
		conn_extra(conn)->deflate = NULL;
	}
}

const struct conn_protocol ws_conn_protocol = {
	.received = ws_received,
	.room = ws_room,
	.ended = ws_ended,
	.sent = ws_sent,
	.full = ws_full,
	.due = ws_due,
	.fini = ws_fini,
};

static void take_limits(struct conn *conn, const struct transport_limits *limits)
{
	const struct transport_limits *before = conn->ws.limits;
	struct throttle *throttle = throttle_renew(extra_of(conn)->throttle, limits);

	conn->ws.limits = ws_limits_take(&conn->set->limits, limits);
	ws_limits_put(before);
	conn->overflow = (uint8_t)limits->overflow;
	if (throttle != extra_of(conn)->throttle)
		conn_extra(conn)->throttle = throttle;
}

/* A message that is dropped must not be one that later ones refer to. */
static void forget_context(struct conn *conn)
{
	if (extra_of(conn)->deflate != NULL && ws_queue_is_droppable(conn))
		extra_of(conn)->deflate->agreed.server_context = false;
}

void ws_conn_begin(struct conn *conn, const struct upgrade *upgrade)
{
	uint64_t now_ms = clock_ms();

	conn_speak(conn, CONN_SPEAKS_WS);
	conn->ws = (struct ws_state){0};
	ws_watch_begin(&conn->ws.watch, &upgrade->limits, now_ms);
	take_limits(conn, &upgrade->limits);
	if (upgrade->compression != NULL) {
		conn_extra(conn)->deflate = ws_deflate_new(
			&conn->set->deflate, upgrade->compression);
		forget_context(conn);
	}
	conn->is_held = false;
	schedule(conn, now_ms);
	conn_touch(conn);
}

/* ---- what call/ asks for -------------------------------------------------------------------- */

void ws_conn_close(struct transport *transport, unsigned code, struct span reason)
{
	struct conn *conn = conn_of(transport);

	if (!ws_send_is_open(conn))
		return;
	send_close(conn, code, reason);
	/* The peer's answer is to be read, and what it sent before to be ignored. */
	conn->is_paused = conn->is_held = conn->is_throttled = false;
	schedule(conn, clock_ms());
}

/* Reading begins or ends. */
static void turn_ear(struct conn *conn)
{
	uint64_t now_ms = clock_ms();

	conn_touch(conn);
	if (!ws_send_is_open(conn) || is_deaf(conn))
		return;
	ws_watch_listens(&conn->ws.watch, now_ms);
	schedule(conn, now_ms);
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

	if (!ws_send_is_open(conn) || conn->is_held == held)
		return;
	conn->is_held = held;
	turn_ear(conn);
}

bool ws_conn_set_limits(struct transport *transport, const struct transport_limits *limits)
{
	struct conn *conn = conn_of(transport);

	if (!ws_send_is_open(conn) || extra_of(conn)->decoder != NULL)
		return false;
	take_limits(conn, limits);
	forget_context(conn);
	/* What follows may not overtake what waits. */
	if (!ws_queue_is_droppable(conn))
		conn_commit(conn);
	ws_watch_set_limits(&conn->ws.watch, limits);
	/* Looked at anew by the next frame: what waits is decoded when the connection is settled.
	 */
	conn->is_throttled = false;
	conn_touch(conn);
	schedule(conn, clock_ms());
	return true;
}

struct transport_rtt ws_conn_rtt(const struct transport *transport)
{
	const struct conn *conn = conn_of(transport);

	if (!is_ws(conn))
		return (struct transport_rtt){0};
	return (struct transport_rtt){conn->ws.watch.rtt_us, conn->ws.watch.rtt_last_us};
}
