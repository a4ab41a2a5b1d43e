/*
 * What a worker says of itself for `socklet status`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_STATUS_H
#define SOCKLET_DAEMON_WORKER_STATUS_H

#include "base/buf.h"

struct host;
struct worker;

/* After a reload: how many connections are with what it has replaced. */
void worker_status_log_left(const struct host *host);
/* A JSON object: connections, routes with the connections of each generation, parked versions. */
void worker_status(struct buf *out, const struct worker *worker, struct host *host);

#endif
