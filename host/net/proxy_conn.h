/*
 * A connection that has not said yet whom it is for: it begins with a PROXY header, then goes on as
 * any other, with TLS or without. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_PROXY_CONN_H
#define SOCKLET_NET_PROXY_CONN_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct proxy_state {
	uint64_t since_ms;
	bool is_tls; /* behind the header */
};

extern const struct conn_protocol proxy_conn_protocol;

/* Drops the connection at once when its peer is none that may speak for others. */
void proxy_conn_begin(struct conn *conn, bool is_tls);
/* For the header. */
bool proxy_conn_is_waiting(const struct conn *conn);

#endif
