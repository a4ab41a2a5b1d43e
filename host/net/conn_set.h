/*
 * All connections of a worker and what they share: the receive buffer, the pool of chunks, the
 * wheel of deadlines, and the lists that the end of a turn works off. Nothing is freed before that
 * end, so no callback ever returns into freed memory. One thread.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_SET_H
#define SOCKLET_NET_CONN_SET_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slab.h"
#include "base/tally.h"
#include "net/deadline.h"
#include "net/lent.h"
#include "net/listen_socket.h"
#include "net/outbox.h"
#include "net/poller.h"
#include "net/ws_limits.h"
#include "wire/http_head.h"
#include "wire/http_reply.h"
#include "wire/ws_deflate.h"

struct conn;
struct host;
struct tls_context;

TAILQ_HEAD(conn_waiting, conn);

/* At most read from a connection before others have a turn; of a long message. */
enum { CONN_RECEIVE_BYTES = 65536, CONN_ROOM_BYTES = 1048576 };

/* Of connections that something is done with soon; few of those that are idle. */
struct conn_list {
	struct conn **items;
	size_t count, capacity;
};

struct conn_set {
	struct poller poller;
	struct host *host;    /* borrowed; may be NULL while there is no connection */
	uint8_t *receive;     /* CONN_RECEIVE_BYTES */
	struct lent lent;     /* conn.c's and ws_conn.c's */
	struct conn *reading; /* whose bytes are in `receive`: settled when they are dealt with */
	struct slab conns;
	char peer_text[LISTEN_IPV4_SIZE]; /* conn_peer's */
	struct outbox_pool pool;
	struct tls_context *tls;          /* of new connections that speak it; NULL: none may */
	struct ws_deflate_shared deflate; /* trimmed at the end of a turn */
	struct ws_decoder *decoder;       /* ws_conn.c's, for whom has none; NULL: in use */
	struct ws_limits limits;
	struct http_date date;
	struct evp_md_ctx_st *sha1; /* for ws_accept_key */
	uint64_t handshake_ms;      /* for a request head, and for the plugin's answer */
	struct http_limits head_limits;
	struct http_state *http_spares; /* http_conn.c's, and how many of them */
	unsigned http_spare_count;
	struct conn_waiting waiting; /* for a request, the longest first; http_conn.c's */
	struct tally tally;
	uint64_t connections_max; /* of all workers, 0: any; what follows is entry.c's */
	size_t surplus;           /* of `count`: only there to be told 503 */
	uint64_t pushed_out, told_full, full_logged_ms;
	bool is_stopping;       /* answers close their connections */
	struct conn_list dirty; /* to settle at the end of the turn */
	struct conn_list dead;  /* to free behind that */
	size_t count;           /* alive */
	struct deadline_wheel wheel;
	struct event sweep;
	uint64_t sweep_at_ms; /* UINT64_MAX: not armed */
};

/* For conn_list_add, which most often finds room. */
void conn_list_grow(struct conn_list *list);
static inline void conn_list_add(struct conn_list *list, struct conn *conn)
{
	if (list->count == list->capacity)
		conn_list_grow(list);
	list->items[list->count++] = conn;
}

/* False with errno: out of descriptors; then conn_set_fini all the same. */
bool conn_set_init(struct conn_set *set, struct event_base *base);
/* No connection is left. */
void conn_set_fini(struct conn_set *set);
/* Calls the connection's `due` at that time or, if one was set before for earlier, then. */
void conn_set_schedule(struct conn_set *set, struct deadline *deadline, uint64_t due_ms);
/* Sends what the turn has queued, tells what it has found out. */
void conn_set_settle(struct conn_set *set);
/* Frees dropped connections. Nothing is on the stack that may hold one. */
void conn_set_bury(struct conn_set *set);
/* From now on no connection waits for a further request; those that do are closed. */
void conn_set_stop(struct conn_set *set);
/* Ends all connections at once; their sessions are told. */
void conn_set_drop_all(struct conn_set *set);

#endif
