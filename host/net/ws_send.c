/*
 * From messages to frames in the outbox, or behind it where they may still be dropped. Knows
 * nothing of what comes in. SPDX-License-Identifier: MIT
 */
#include "net/ws_send.h"

#include <string.h>

#include "base/expect.h"
#include "net/ws_queue.h"

void ws_send_frame(struct conn *conn, unsigned opcode, struct span payload)
{
	uint8_t header[WS_HEADER_MAX], *at = conn_room(conn, WS_HEADER_MAX + payload.len);
	size_t len = ws_header_encode(at == NULL ? header : at, opcode, payload.len);

	if (at == NULL) {
		conn_send(conn, (struct span){(const char *)header, len}, payload);
		return;
	}
	if (payload.len > 0)
		memcpy(at + len, payload.ptr, payload.len);
	conn_queue(conn, len + payload.len);
}

/* Of a short frame: the connection has nothing out of the ordinary, and there is room. */
static inline bool may_send_short(const struct conn *conn, struct span payload)
{
	return payload.len - 1 < WS_CONTROL_MAX && ws_send_is_open(conn) && conn_is_bare(conn) &&
	       !conn->is_blocked && !conn->has_failed && !ws_queue_is_droppable(conn) &&
	       conn->outbox.bytes + WS_SHORT_HEADER + payload.len <= conn->ws.limits->queue_bytes;
}

/* This and send_any are apart, so that those that follow do not pay for their registers. */
__attribute__((noinline)) static enum sent send_first(
	struct conn *conn, enum ws_opcode opcode, struct span payload)
{
	char *at = outbox_room(&conn->outbox, &conn->set->pool, WS_SHORT_HEADER + payload.len);

	conn_queue(conn, ws_short_frame((uint8_t *)at, opcode, payload.ptr, payload.len));
	return SENT_QUEUED;
}

/* The payload is made smaller if that is agreed on and worth it; returns the opcode for it. */
static unsigned compressed(struct conn *conn, enum ws_opcode opcode, struct span *payload)
{
	bool is_smaller = extra_of(conn)->deflate != NULL &&
			  ws_deflate_compress(extra_of(conn)->deflate, payload);

	return is_smaller ? opcode | WS_COMPRESSED : opcode;
}

/* Each is a block of its own, as a message for many is, so that it can be dropped. */
static enum sent send_droppable(
	struct conn *conn, enum ws_opcode opcode, struct span payload, uint64_t key)
{
	unsigned sent_as = compressed(conn, opcode, &payload);
	struct ws_shared *shared = ws_shared_new(sent_as, payload);
	enum sent sent = ws_queue_wait(conn, shared, ws_shared_frame(shared), key);

	ws_shared_unref(shared);
	return sent;
}

__attribute__((noinline)) static enum sent send_any(
	struct conn *conn, enum ws_opcode opcode, struct span payload, uint64_t key)
{
	if (!ws_send_is_open(conn))
		return SENT_FULL;
	if (ws_queue_is_droppable(conn) && payload.len <= conn->ws.limits->queue_bytes)
		return send_droppable(conn, opcode, payload, key);
	if (payload.len > conn->ws.limits->queue_bytes ||
		!ws_queue_has_room(conn, ws_header_size(payload.len) + payload.len))
		return ws_queue_refuse(conn, payload.len);
	ws_send_frame(conn, compressed(conn, opcode, &payload), payload);
	return SENT_QUEUED;
}

/* Most are short: they go a way of their own, of a few instructions. */
enum sent ws_send_message(
	struct transport *transport, enum ws_opcode opcode, struct span payload, uint64_t key)
{
	struct conn *conn = conn_of(transport);
	char *at;

	if (UNLIKELY(!may_send_short(conn, payload)))
		return send_any(conn, opcode, payload, key);
	at = outbox_spare(&conn->outbox, WS_SHORT_HEADER + payload.len);
	if (UNLIKELY(at == NULL))
		return send_first(conn, opcode, payload);
	/* Behind what waits for the end of the turn: that is seen to already. */
	outbox_queue(
		&conn->outbox, ws_short_frame((uint8_t *)at, opcode, payload.ptr, payload.len));
	return SENT_QUEUED;
}

enum sent ws_send_shared(struct transport *transport, struct ws_shared *shared, uint64_t key)
{
	struct conn *conn = conn_of(transport);
	struct span frame = ws_shared_frame(shared);

	if (!ws_send_is_open(conn))
		return SENT_FULL;
	if (!ws_queue_is_droppable(conn) && !ws_queue_has_room(conn, frame.len))
		return ws_queue_refuse(conn, frame.len);
	if (extra_of(conn)->deflate != NULL)
		frame = ws_shared_frame_for(shared, extra_of(conn)->deflate);
	if (ws_queue_is_droppable(conn))
		return ws_queue_wait(conn, shared, frame, key);
	conn_send_shared(conn, shared, frame);
	return SENT_QUEUED;
}

/* What may be dropped one by one is not for that. */
bool ws_send_joined(struct transport *transport, struct ws_joined *joined)
{
	struct conn *conn = conn_of(transport);
	struct ws_shared *piece;

	if (!ws_send_is_open(conn) || ws_queue_is_droppable(conn) ||
		!ws_queue_has_room(conn, ws_joined_frame_bytes(joined)))
		return false;
	piece = ws_joined_for(joined, extra_of(conn)->deflate);
	conn_send_shared(conn, piece, ws_shared_frame(piece));
	return true;
}
