/*
 * The local hub as the topics of a worker see it: the first of the drivers behind call/bus.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_BUS_H
#define SOCKLET_DAEMON_WORKER_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "call/bus.h"
#include "daemon/bus_link.h"

struct event;
struct event_base;

/* Zero it; worker_bus_init; worker_bus_fini. */
struct worker_bus {
	struct bus_driver driver;
	struct host *host;
	struct event_base *base;
	struct bus_link link;
	struct event *readable, *writable, *again;
	bool is_wanted, is_attached;
};

void worker_bus_init(struct worker_bus *bus, struct host *host, struct event_base *base);
/* Before the host is freed. */
void worker_bus_fini(struct worker_bus *bus);
/* The master's message: our end of the link, which is taken, and the host's number. */
void worker_bus_open(struct worker_bus *bus, struct span body, int fd);
/* There are, or will be, other workers. Without that nothing is sent. */
void worker_bus_join(struct worker_bus *bus);
void worker_bus_set_queue(struct worker_bus *bus, uint64_t bytes);

#endif
