/*
 * A worker's part in the counts of subscriptions: it tells the hub of its own that have changed,
 * and takes in those of others. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_COUNTS_H
#define SOCKLET_DAEMON_WORKER_COUNTS_H

#include <stdint.h>

#include "daemon/bus_link.h"

struct host;

/* Zero it. */
struct worker_counts {
	uint64_t due_ms; /* not before then */
};

/*
 * Tells what has changed, as much as one message may hold and as often as it may. Returns how long
 * to wait before it is called for the rest; 0: there is none, or the link has no room for it.
 */
unsigned worker_counts_tell(struct worker_counts *counts, struct host *host, struct bus_link *link);
void worker_counts_take(struct host *host, const struct message *message);

#endif
