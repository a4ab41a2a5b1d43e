/*
 * Text is made when somebody asks: for a line of the log it lies in a place that all connections of
 * a worker share, for a plugin it takes the place of the numbers.
 * SPDX-License-Identifier: MIT
 */
#include "net/conn_peer.h"

#include <arpa/inet.h>
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

/* Digits and what stands behind them. */
static char *put_number(char *at, unsigned number, char behind)
{
	unsigned power = 1;

	while (number / power >= 10)
		power *= 10;
	for (; power > 0; power /= 10)
		*at++ = (char)('0' + number / power % 10);
	*at++ = behind;
	return at;
}

/* By hand: each handshake comes here a few times, and printf is a fifth of what it costs. */
const char *conn_peer(const struct conn *conn)
{
	uint32_t address = ntohl(conn->peer.ipv4.address.s_addr);
	char *at = conn->set->peer_text;

	if (conn->has_peer_text)
		return conn->peer.text;
	for (unsigned shift = 32; shift > 0; shift -= 8)
		at = put_number(at, address >> (shift - 8) & 0xff, shift > 8 ? '.' : ':');
	put_number(at, ntohs(conn->peer.ipv4.port), '\0');
	return conn->set->peer_text;
}

const char *conn_peer_keep(struct conn *conn)
{
	if (!conn->has_peer_text)
		conn_peer_set(conn, conn_peer(conn));
	return conn->peer.text;
}
