/*
 * A connection speaking WebSocket: frames to messages, control frames, closing, silence. The
 * session hears of whole messages and of the end only. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_CONN_H
#define SOCKLET_NET_WS_CONN_H

#include "call/transport.h"
#include "wire/ws_deflate.h"
#include "net/ws_watch.h"
#include "wire/ws_message.h"

struct conn;

struct ws_state {
	const struct transport_limits *limits; /* shared: see ws_limits.h */
	struct ws_watch watch;
};

extern const struct conn_protocol ws_conn_protocol;

/* From HTTP; the 101 is queued. Bytes already in conn->stash are looked at later. */
void ws_conn_begin(struct conn *conn, const struct upgrade *upgrade);

/* Of struct transport_ops. */
void ws_conn_close(struct transport *transport, unsigned code, struct span reason);
void ws_conn_set_paused(struct transport *transport, bool paused);
void ws_conn_set_held(struct transport *transport, bool held);
bool ws_conn_set_limits(struct transport *transport, const struct transport_limits *limits);
struct transport_rtt ws_conn_rtt(const struct transport *transport);

#endif
