/*
 * What a WebSocket connection sends. Called by conn.c for call/, and by ws_conn.c for control
 * frames. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_SEND_H
#define SOCKLET_NET_WS_SEND_H

#include "net/conn.h"

/* It speaks WebSocket, and our close frame is not queued. */
static inline bool ws_send_is_open(const struct conn *conn)
{
	return conn->speech == CONN_SPEAKS_WS && !conn->is_dead && !conn->ws.watch.is_closed;
}
/* Queues it, copied, whatever is queued. */
void ws_send_frame(struct conn *conn, unsigned opcode, struct span payload);

/* Of struct transport_ops. */
enum sent ws_send_message(
	struct transport *transport, enum ws_opcode opcode, struct span payload, uint64_t key);
enum sent ws_send_shared(struct transport *transport, struct ws_shared *shared, uint64_t key);
bool ws_send_joined(struct transport *transport, struct ws_joined *joined);

#endif
