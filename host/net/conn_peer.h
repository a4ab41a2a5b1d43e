/*
 * Who connected: the numbers of an IPv4 address, which most peers have and nobody asks most of them
 * for; any other as text. Called by conn.c, and by the files of net/ that name a peer in the log.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_PEER_H
#define SOCKLET_NET_CONN_PEER_H

#include <stdint.h>

#include "net/listen_socket.h"

struct conn;

/* conn->has_peer_text says which. */
union conn_peer {
	struct {
		struct in_addr address;
		in_port_t port;
	} ipv4;
	char *text; /* owned */
};

/* That of conn->fd, as accept gave it. */
void conn_peer_init(struct conn *conn, const union listen_address *address);
void conn_peer_fini(struct conn *conn);
/* Somebody else, as a PROXY header says. */
void conn_peer_set(struct conn *conn, const char *text);
/* "127.0.0.1:53124". Valid until it is asked for that of any connection of the set. */
const char *conn_peer(const struct conn *conn);
/* The same for as long as it has that peer. */
const char *conn_peer_keep(struct conn *conn);

#endif
