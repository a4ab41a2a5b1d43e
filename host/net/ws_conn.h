/*
 * A connection speaking WebSocket: frames to messages, control frames, closing, silence. The
 * session hears of whole messages and of the end only. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_CONN_H
#define SOCKLET_NET_WS_CONN_H

#include "call/transport.h"
#include "wire/ws_deflate.h"

struct conn;

struct ws_state {
	struct ws_decoder decoder;
	struct ws_deflate *deflate; /* NULL: no compression was agreed on */
	size_t queue_bytes;
	/* Limits of the route, 0 for never. */
	uint32_t idle_ms, close_ms, ping_interval_ms, ping_timeout_ms;
	uint64_t received_ms; /* any byte came last */
	uint64_t message_ms;  /* a message came last */
	uint64_t pinged_ms;   /* our ping went out, and nothing came since; 0: none is out */
	uint64_t closed_ms;   /* our close frame was queued; 0: it was not */
};

/* From HTTP; the 101 is queued. Bytes already in conn->stash are looked at later. */
void ws_conn_begin(struct conn *conn, const struct upgrade *upgrade);

/* Of struct transport_ops. */
bool ws_conn_send(struct transport *transport, enum ws_opcode opcode, struct span payload);
bool ws_conn_send_shared(struct transport *transport, struct ws_shared *shared);
void ws_conn_close(struct transport *transport, unsigned code, struct span reason);
void ws_conn_set_paused(struct transport *transport, bool paused);
void ws_conn_set_held(struct transport *transport, bool held);
bool ws_conn_set_limits(struct transport *transport, const struct transport_limits *limits);

#endif
