/*
 * How a worker and the hub tell each other who is present: call/presence.h over the link of topics.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_PRESENCE_H
#define SOCKLET_DAEMON_WORKER_PRESENCE_H

#include "call/presence.h"

struct message;
struct worker_bus;

struct worker_presence {
	struct presence_link link;
	struct worker_bus *bus;
};

/* Both must live as long as the host. */
void worker_presence_init(struct worker_presence *presence, struct worker_bus *bus);
void worker_presence_take(struct worker_presence *presence, const struct message *message);

#endif
