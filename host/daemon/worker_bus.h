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
#include "daemon/worker_counts.h"
#include "net/poller.h"

struct event;
struct worker_admin;
struct worker_peers;
struct worker_presence;
struct loop;
struct loop_timer;
struct worker;

/* Zero it; worker_bus_init; worker_bus_fini. */
struct worker_bus {
	struct bus_driver driver;
	struct host *host;
	struct worker *worker;
	struct loop *loop; /* its */
	struct bus_link link;
	struct poller_watch readable;
	struct event *writable;
	struct loop_timer *again; /* more has come than a turn takes; NULL: not so */
	struct worker_counts counts;
	struct event *later; /* the rest of the counts is told */
	bool is_wanted, is_attached, has_others;
	/* They take what is no message of a topic; NULL: nobody does. */
	struct worker_admin *admin;
	struct worker_presence *presence;
	struct worker_peers *peers;
};

void worker_bus_init(struct worker_bus *bus, struct host *host, struct worker *worker);
/* Before the host is freed. */
void worker_bus_fini(struct worker_bus *bus);
/* The master's message: our end of the link, which is taken, and the host's number. */
void worker_bus_open(struct worker_bus *bus, struct span body, int fd);
/*
 * Topics are kept, or there are, or will be, other workers. Without that nothing is sent; without
 * others nothing that is not kept.
 */
void worker_bus_join(struct worker_bus *bus, bool has_others);
/* Something else for the hub, behind all that was published; false: there is no link. */
bool worker_bus_say(struct worker_bus *bus, unsigned kind, struct span body);
void worker_bus_set_queue(struct worker_bus *bus, uint64_t bytes);

#endif
