/*
 * One accepted socket: its outbox, and the protocol it speaks at the moment (HTTP, then perhaps
 * WebSocket, then lingering). It waits for bytes, and for room only while the socket is full.
 * Called by the protocols and by conn_set.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_H
#define SOCKLET_NET_CONN_H

#include <stdbool.h>

#include "base/buf.h"
#include "call/transport.h"
#include "net/backlog.h"
#include "net/conn_extra.h"
#include "net/conn_peer.h"
#include "net/conn_protocol.h"
#include "net/conn_set.h"
#include "net/http_conn.h"
#include "net/linger.h"
#include "net/listener.h"
#include "net/proxy_conn.h"
#include "net/ws_conn.h"

struct conn {
	unsigned magic;
	int fd;
	struct conn_set *set;
	struct transport transport;
	struct outbox outbox;
	struct deadline deadline;
	union conn_peer peer;
	bool is_dirty : 1, is_dead : 1;
	bool is_paused : 1;    /* the plugin wants no more messages */
	bool is_held : 1;      /* the protocol wants no more bytes */
	bool is_throttled : 1; /* the peer has sent more than its rate */
	bool is_surplus : 1;   /* entry.c's: it is there to be told that the host is full */
	bool is_blocked : 1;   /* the socket is full */
	bool owes_drained : 1; /* it was, since the outbox was empty the last time */
	bool owes_end : 1;     /* the peer's end was read together with its last bytes */
	bool has_failed : 1;   /* sending failed; told when the connection is settled */
	bool wants_room : 1;   /* a message did not fit; told when half the queue is free */
	bool has_peer_text : 1;
	bool is_borrowing : 1; /* the outbox refers to what is being read */
	uint8_t overflow;      /* enum overflow of the route */
	uint8_t watched;       /* EPOLLIN, EPOLLOUT: what the poller waits for */
	uint8_t speech;        /* enum conn_speech */
	union {
		struct http_state *http;
		struct ws_state ws;
		struct linger_state linger;
		struct proxy_state proxy;
	};
};

/* To look at; zeros and plain bytes where it has none. */
static inline const struct conn_extra *extra_of(const struct conn *conn)
{
	return (const struct conn_extra *)conn->transport.extra;
}
/* It has none of it: nothing waits outside the outbox, and nothing changes what is sent. */
static inline bool conn_is_bare(const struct conn *conn)
{
	return extra_of(conn) == &conn_extra_none;
}
/* Takes fd, whose peer is at `address`, and speaks what the listener says. */
struct conn *conn_new(struct conn_set *set, int fd, const union listen_address *address,
	const struct listener_options *options);
/* Speaks HTTP from here on, behind TLS or not: the peer is known by now. */
void conn_begin(struct conn *conn, bool is_tls);
/* Closes the socket now; the memory goes at the end of the turn. Tells nobody. */
void conn_drop(struct conn *conn);
/* As if the socket had failed: the session is told, then the socket is closed. */
void conn_lose(struct conn *conn);
/* Only for conn_set_bury. */
void conn_free(struct conn *conn);

/* The state of what it speaks from here on is the caller's to fill. */
void conn_speak(struct conn *conn, enum conn_speech speech);
/* Bytes for what it speaks now. */
void conn_receive(struct conn *conn, uint8_t *data, size_t len);
/* Queues header and payload, as one; large ones are tried at once instead of copied. */
void conn_send(struct conn *conn, struct span header, struct span payload);
/*
 * Room for a short frame in one piece behind all that is queued, to be written and then queued by
 * conn_queue; NULL: conn_send.
 */
uint8_t *conn_room(struct conn *conn, size_t most);
void conn_queue(struct conn *conn, size_t len);
/* Queues a frame of the shared message, by reference. */
void conn_send_shared(struct conn *conn, struct ws_shared *shared, struct span frame);
/* The same behind the outbox, where it can still be dropped. */
void conn_wait(struct conn *conn, struct ws_shared *shared, struct span frame, uint64_t key);
/* What waits behind the outbox goes into it, to be followed by what may not overtake. */
void conn_commit(struct conn *conn);
/* All that waits, bytes: for TLS or the socket, then in either. */
static inline size_t conn_waiting(const struct conn *conn)
{
	const struct backlog *backlog = extra_of(conn)->backlog;

	return conn->outbox.bytes + (backlog == NULL ? 0 : backlog_bytes(backlog));
}
static inline size_t conn_queued(const struct conn *conn)
{
	return conn_waiting(conn) + extra_of(conn)->in_transit;
}
/* Sends what the socket takes of it. Whether that was anything. */
bool conn_flush(struct conn *conn);
/* Sees to it that the connection is settled before this turn ends. */
void conn_touch(struct conn *conn);
/* Sends what is queued, then says so to the protocol; ends a connection that has failed. */
void conn_settle(struct conn *conn);
void conn_schedule(struct conn *conn, uint64_t due_ms);
/* For the poller. */
void conn_on_ready(void *arg, uint32_t events);
/* For deadline_wheel_sweep. */
void conn_on_due(struct deadline *deadline);

extern const struct transport_ops conn_transport_ops;
struct conn *conn_of(const struct transport *transport);
struct conn *conn_of_deadline(struct deadline *deadline);
/* Whose connection it is, or for whom a proxy speaks. Valid as what conn_peer gives. */
const char *conn_client(const struct conn *conn);

#endif
