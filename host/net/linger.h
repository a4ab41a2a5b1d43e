/*
 * The end of a connection that we close: the answer or close frame leaves, then a FIN, then the
 * peer's bytes are read and thrown away until its FIN. Closing at once would answer them with a
 * reset, which takes back what we have sent (RFC 9112 section 9.6). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LINGER_H
#define SOCKLET_NET_LINGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

enum { LINGER_BYTES = 256 * 1024 }; /* thrown away at most; then the socket is closed */

struct linger_state {
	uint64_t due_ms;
	size_t thrown_away;
	bool is_shut;   /* our FIN is out */
	bool has_ended; /* the peer's FIN came */
};

extern const struct conn_protocol linger_protocol;

/* Its session is gone. At most linger_ms for all of it. */
void linger_begin(struct conn *conn, uint64_t linger_ms);

#endif
