/*
 * One line when a connection opens, one when it has closed, one for each plain request; and the
 * counters of the same events. Called by session.c and host.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ACCESS_LOG_H
#define SOCKLET_CALL_ACCESS_LOG_H

#include <stdint.h>

#include "call/request.h"
#include "call/transport.h"

struct host;
struct sl_conn;

/* The handshake was accepted. */
void access_log_open(struct sl_conn *conn, const char *subprotocol);
/* It was refused, or the connection has ended; while the transport is still there. */
void access_log_close(const struct sl_conn *conn);
/* A request without a session was answered. */
void access_log_request(
	struct host *host, const struct transport *transport, const struct request *request);

/* A plain request that has a session: what it will tell when that ends. */
struct access {
	struct span method, path;
	uint64_t begun_ms;
	struct answer answer;
};

/* Copies what the request may not keep. */
struct access access_log_begin(const struct request *request, struct arena *arena);
void access_log_exchange(const struct sl_conn *conn, const struct access *access);

#endif
