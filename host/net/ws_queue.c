/*
 * A queue is looked at for its length only when the socket has taken what it takes: a burst of one
 * turn is no sign of a slow peer. SPDX-License-Identifier: MIT
 */
#include "net/ws_queue.h"

#include "net/conn.h"

bool ws_queue_make_room(struct conn *conn, size_t frame)
{
	conn_flush(conn);
	return ws_queue_fits(conn, frame);
}

static enum sent drop(struct conn *conn)
{
	conn_extra(conn)->of_call.dropped++;
	return SENT_DROPPED;
}

enum sent ws_queue_refuse(struct conn *conn, size_t payload)
{
	if (conn->overflow == OVERFLOW_DROP_NEWEST || ws_queue_is_droppable(conn))
		return drop(conn);
	/* What never fits is not worth a word when there is room. */
	if (conn->overflow == OVERFLOW_TELL &&
		payload + WS_HEADER_MAX <= conn->ws.limits->queue_bytes)
		conn->wants_room = true;
	return SENT_FULL;
}

/* Drops the oldest until `cost` fits beside all but `replaced`. False: nothing was dropped. */
static bool make_room(struct conn *conn, size_t cost, const struct waiting *replaced)
{
	size_t limit = conn->ws.limits->queue_bytes;
	size_t freed = replaced == NULL ? 0 : backlog_cost_of(replaced);
	/* A batch that TLS has taken may be as long as the limit, and then nothing could wait. */
	size_t fixed = extra_of(conn)->in_transit + freed;

	/* What has begun to leave cannot give way. */
	if (conn->outbox.bytes > limit || cost > limit - conn->outbox.bytes)
		return false;
	while (conn_queued(conn) - fixed > limit - cost) {
		if (!backlog_drop_oldest(&conn_extra(conn)->backlog, replaced))
			return false;
		conn_extra(conn)->of_call.dropped++;
	}
	return true;
}

enum sent ws_queue_wait(
	struct conn *conn, struct ws_shared *shared, struct span frame, uint64_t key)
{
	size_t cost = backlog_cost(frame);
	struct waiting *replaced;

	if (conn->overflow != OVERFLOW_KEEP_LAST)
		key = 0;
	ws_queue_has_room(conn, cost);
	replaced = backlog_find(extra_of(conn)->backlog, key);
	if (!make_room(conn, cost, replaced))
		return drop(conn);
	if (replaced == NULL) {
		conn_wait(conn, shared, frame, key);
	} else {
		backlog_replace(extra_of(conn)->backlog, replaced, shared, frame);
		conn_extra(conn)->of_call.dropped++;
	}
	return SENT_QUEUED;
}

bool ws_queue_has_room_again(struct conn *conn)
{
	if (!conn->wants_room || conn_queued(conn) > conn->ws.limits->queue_bytes / 2)
		return false;
	conn->wants_room = false;
	return true;
}
