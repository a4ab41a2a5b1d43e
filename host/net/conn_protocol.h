/*
 * What a connection speaks, and what conn.c asks of it: each protocol is a table of a file of its
 * own. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_PROTOCOL_H
#define SOCKLET_NET_CONN_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

/* What a connection speaks at the moment. */
enum conn_speech {
	CONN_SPEAKS_NOTHING, /* yet */
	CONN_SPEAKS_PROXY,   /* a header before all else */
	CONN_SPEAKS_HTTP,
	CONN_SPEAKS_WS,
	CONN_LINGERS,
};

/* Called with no plugin code on the stack. */
struct conn_protocol {
	/* Bytes came; they may be overwritten. */
	void (*received)(struct conn *conn, uint8_t *data, size_t len);
	/*
	 * Where at most *size bytes that come next are received best, instead of in the worker's
	 * buffer; NULL: there. Or NULL.
	 */
	uint8_t *(*room)(struct conn *conn, size_t *size);
	/* The peer sends no more, or the socket has failed. */
	void (*ended)(struct conn *conn);
	/* The outbox is empty; also called when it was so before. */
	void (*sent)(struct conn *conn);
	/* The socket is full; has_sent: again, some of what is queued has left. May be NULL. */
	void (*full)(struct conn *conn, bool has_sent);
	/* A deadline's time has come. Returns the next one, 0 for none. */
	uint64_t (*due)(struct conn *conn, uint64_t now_ms);
	/* Frees what the state of the protocol holds. */
	void (*fini)(struct conn *conn);
};

#endif
