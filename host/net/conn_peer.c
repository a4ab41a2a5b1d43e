/*
 * Text is made when somebody asks: for a line of the log it lies in a place that all connections of
 * a worker share, for a plugin it takes the place of the numbers.
 * SPDX-License-Identifier: MIT
 */
#include "net/conn_peer.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "net/conn.h"

void conn_peer_init(struct conn *conn, const union listen_address *address)
{
	char text[LISTEN_ADDRESS_SIZE];

	conn->has_peer_text = false;
	if (address->any.sa_family == AF_INET) {
		conn->peer.ipv4.address = address->in.sin_addr;
		conn->peer.ipv4.port = address->in.sin_port;
		return;
	}
	listen_socket_print_peer(text, conn->fd, address);
	conn_peer_set(conn, text);
}

void conn_peer_fini(struct conn *conn)
{
	if (conn->has_peer_text)
		free(conn->peer.text);
	conn->has_peer_text = false;
}

void conn_peer_set(struct conn *conn, const char *text)
{
	char *copy = xstrdup(text);

	conn_peer_fini(conn);
	conn->peer.text = copy;
	conn->has_peer_text = true;
}

const char *conn_peer(const struct conn *conn)
{
	if (conn->has_peer_text)
		return conn->peer.text;
	listen_ipv4_print(conn->set->peer_text, conn->peer.ipv4.address, conn->peer.ipv4.port);
	return conn->set->peer_text;
}

const char *conn_peer_keep(struct conn *conn)
{
	if (!conn->has_peer_text)
		conn_peer_set(conn, conn_peer(conn));
	return conn->peer.text;
}
