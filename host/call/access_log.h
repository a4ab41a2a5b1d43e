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

/* 2^48 messages of 2^48 bytes, counted up without a mask. */
struct __attribute__((packed)) traffic_way {
	uint64_t bytes;    /* in its high bits those of the messages, which have no room below */
	uint32_t messages; /* the low half */
};

/* Of one connection. */
struct __attribute__((packed)) traffic {
	struct traffic_way in, out;
	uint64_t opened_ms : 48; /* 0: not accepted */
};

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

void access_log_received(struct sl_conn *conn, size_t bytes);
void access_log_sent(struct sl_conn *conn, size_t messages, size_t bytes);

#endif
