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
	uint32_t closed_ms; /* low half: our close frame was queued; 0: it was not */
};

/* From HTTP; the 101 is queued. Bytes already in conn->stash are looked at later. */
void ws_conn_begin(struct conn *conn, const struct upgrade *upgrade);

/* Of struct transport_ops. */
enum sent ws_conn_send(
	struct transport *transport, enum ws_opcode opcode, struct span payload, uint64_t key);
enum sent ws_conn_send_shared(struct transport *transport, struct ws_shared *shared, uint64_t key);
bool ws_conn_send_joined(struct transport *transport, struct ws_shared *frames);
void ws_conn_close(struct transport *transport, unsigned code, struct span reason);
void ws_conn_set_paused(struct transport *transport, bool paused);
void ws_conn_set_held(struct transport *transport, bool held);
bool ws_conn_set_limits(struct transport *transport, const struct transport_limits *limits);
struct transport_rtt ws_conn_rtt(const struct transport *transport);

#endif
