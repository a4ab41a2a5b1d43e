/*
 * Bytes are looked at before they are taken, so that the header alone is taken and TLS finds the
 * socket as if there had been none. What belongs to a header that is not whole is taken, or the
 * loop would be told of it for ever. Called by conn.c. SPDX-License-Identifier: MIT
 */
#include "net/proxy_conn.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/host.h"
#include "net/conn.h"
#include "wire/proxy_protocol.h"

static ssize_t peek(struct conn *conn, uint8_t *out, size_t size)
{
	return recv(conn->fd, out, size, MSG_PEEK);
}

static bool take(struct conn *conn, uint8_t *data, size_t len)
{
	return recv(conn->fd, data, len, 0) == (ssize_t)len;
}

static void go_on(struct conn *conn, const struct proxy_header *header)
{
	bool is_tls = conn->proxy.is_tls;

	conn_extra_clear_stash(conn);
	if (header->source[0] != '\0')
		conn_peer_set(conn, header->source);
	conn_begin(conn, is_tls);
}

static void proxy_received(struct conn *conn, uint8_t *data, size_t len)
{
	size_t before = extra_of(conn)->stash.len;
	struct proxy_header header;
	struct err why;
	enum wire result;

	conn_extra_stash(conn, data, len);
	result = proxy_protocol_decode(&header, buf_span(&extra_of(conn)->stash), &why);
	if (result == WIRE_DONE)
		len = header.length - before;
	if (result == WIRE_BAD)
		log_warn("%s: closed: found %s", conn_peer(conn), why.text);
	if (result == WIRE_BAD || !take(conn, data, len))
		conn_drop(conn);
	else if (result == WIRE_DONE)
		go_on(conn, &header);
}

/* As a balancer does that only looks whether somebody listens. */
static void proxy_ended(struct conn *conn)
{
	conn_drop(conn);
}

static void proxy_sent(struct conn *conn)
{
	(void)conn;
}

static uint64_t proxy_due(struct conn *conn, uint64_t now_ms)
{
	uint64_t due_ms = conn->proxy.since_ms + conn->set->handshake_ms;

	if (now_ms < due_ms)
		return due_ms;
	log_warn("%s: closed: found no whole PROXY header within %llu ms", conn_peer(conn),
		(unsigned long long)conn->set->handshake_ms);
	conn_drop(conn);
	return 0;
}

static void proxy_fini(struct conn *conn)
{
	(void)conn;
}

static const struct conn_io peeking = {.receive = peek};

const struct conn_protocol proxy_conn_protocol = {
	.received = proxy_received,
	.ended = proxy_ended,
	.sent = proxy_sent,
	.due = proxy_due,
	.fini = proxy_fini,
};

void proxy_conn_begin(struct conn *conn, bool is_tls)
{
	conn_extra(conn)->io = &peeking;
	conn_speak(conn, CONN_SPEAKS_PROXY);
	conn->proxy = (struct proxy_state){clock_ms(), is_tls};
	if (host_is_proxy(conn->set->host, span_of(conn_peer(conn)))) {
		conn_schedule(conn, conn->proxy.since_ms + conn->set->handshake_ms);
		return;
	}
	log_warn("%s: closed: a PROXY header is expected there, and `proxies` does not list it",
		conn_peer(conn));
	conn_drop(conn);
}

bool proxy_conn_is_waiting(const struct conn *conn)
{
	return conn->speech == CONN_SPEAKS_PROXY;
}
