/*
 * What becomes of a message when as much waits for its peer as the route allows. The policies of
 * `overflow` are here; closing is left to call/, which is told that it did not fit. Called by
 * ws_conn.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_QUEUE_H
#define SOCKLET_NET_WS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "call/transport.h"

struct conn;

/* Whether its messages wait where they can still be dropped: by ws_queue_wait. */
bool ws_queue_is_droppable(const struct conn *conn);
/*
 * Whether header and payload fit, when what the socket takes now has left. A length is a plugin's
 * to choose, -1 of a failed read included.
 */
bool ws_queue_has_room(struct conn *conn, size_t header, size_t payload);
/* Of a message that did not fit. */
enum sent ws_queue_refuse(struct conn *conn, size_t payload);
/* Queues the frame of the shared message; what has to give way is dropped. */
enum sent ws_queue_wait(
	struct conn *conn, struct ws_shared *shared, struct span frame, uint64_t key);
/* Something has left. True, once: a message was refused before, and now there is room again. */
bool ws_queue_has_room_again(struct conn *conn);

#endif
