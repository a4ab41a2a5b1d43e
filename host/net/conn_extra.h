/*
 * What most connections have only for a while, apart from what they all have as long as they are
 * there: an idle one costs nothing for it. Called by the files of net/ that need some of it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_EXTRA_H
#define SOCKLET_NET_CONN_EXTRA_H

#include "base/buf.h"
#include "call/transport.h"
#include "net/conn_io.h"

struct backlog;
struct conn;
struct throttle;
struct tls_conn;
struct ws_decoder;
struct ws_deflate;

/*
 * What a connection has for a while, or only where its listener or its route asks for it. Made when
 * the first of it is needed, and freed when a settled connection has nothing of it any more.
 */
struct conn_extra {
	struct transport_extra of_call; /* first: the transport's */
	const struct conn_io *io;
	struct tls_conn *tls;       /* tls_io.c's; NULL: plain */
	size_t in_transit;          /* bytes that io has taken and the socket has not */
	struct backlog *backlog;    /* behind the outbox; NULL: nothing waits that may be dropped */
	struct buf stash;           /* received, but not to be looked at yet */
	struct ws_decoder *decoder; /* ws_conn.c's; NULL: no frame and no message is half there */
	struct ws_deflate *deflate; /* NULL: no compression was agreed on */
	struct throttle *throttle;  /* NULL: the route has no rate */
	char *client; /* for whom a proxy speaks at the moment; NULL: the peer asks for itself */
	unsigned https_port; /* of where it is redirected to; 0: it is served */
};

/* That of who has none: zeros, plain bytes, and the functions that all have. */
extern const struct conn_extra conn_extra_none;

/* Its own, to write to. */
struct conn_extra *conn_extra(struct conn *conn);
/* Frees it if nothing is in it, or in any case. */
void conn_extra_trim(struct conn *conn);
void conn_extra_free(struct conn *conn);

/* Into the stash, behind what is there. */
void conn_extra_stash(struct conn *conn, const void *data, size_t len);
/* The caller's from now on. */
struct buf conn_extra_take_stash(struct conn *conn);
void conn_extra_clear_stash(struct conn *conn);

#endif
