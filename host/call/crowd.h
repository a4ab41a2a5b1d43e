/*
 * Whether a handshake may become a session: how many its route and its client's address have, and
 * how often that address tries. Counted over all workers (tally.h). Private to call/.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_CROWD_H
#define SOCKLET_CALL_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "call/generation.h"
#include "call/request.h"

struct host;
struct sl_conn;

/* For the log, which has a line a second at most. */
struct crowd {
	uint64_t refused, logged_ms; /* since that line */
};

/* False: the transport was answered. The peer is the one that transport->peer names now. */
bool crowd_ask(struct host *host, struct transport *transport, const struct route *route,
	struct request *request);
/* A session begins and ends. */
void crowd_enter(struct sl_conn *conn);
void crowd_leave(struct sl_conn *conn);
/* The host serves by other limits: who is there is counted as they want it. */
void crowd_changed(struct host *host, const struct limits_conf *before);

#endif
