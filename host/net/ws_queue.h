/*
 * What becomes of a message when as much waits for its peer as the route allows. The policies of
 * `overflow` are here; closing is left to call/, which is told that it did not fit. Called by
 * ws_conn.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_QUEUE_H
#define SOCKLET_NET_WS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/conn.h"

/* Whether its messages wait where they can still be dropped: by ws_queue_wait. */
static inline bool ws_queue_is_droppable(const struct conn *conn)
{
	return conn->overflow == OVERFLOW_DROP_OLDEST || conn->overflow == OVERFLOW_KEEP_LAST;
}
/* Whether a frame of that length fits beside what is queued. */
static inline bool ws_queue_fits(const struct conn *conn, size_t frame)
{
	size_t limit = conn->ws.limits->queue_bytes, used = conn_queued(conn);

	return used <= limit && frame <= limit - used;
}
/* The same when what the socket takes now has left. */
bool ws_queue_make_room(struct conn *conn, size_t frame);
static inline bool ws_queue_has_room(struct conn *conn, size_t frame)
{
	return ws_queue_fits(conn, frame) || ws_queue_make_room(conn, frame);
}
/* Of a message that did not fit. */
enum sent ws_queue_refuse(struct conn *conn, size_t payload);
/* Queues the frame of the shared message; what has to give way is dropped. */
enum sent ws_queue_wait(
	struct conn *conn, struct ws_shared *shared, struct span frame, uint64_t key);
/* Something has left. True, once: a message was refused before, and now there is room again. */
bool ws_queue_has_room_again(struct conn *conn);

#endif
