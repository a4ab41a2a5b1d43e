/*
 * How the hub reaches other hosts: call/bus_peers.h over the link of topics.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_PEERS_H
#define SOCKLET_DAEMON_WORKER_PEERS_H

#include "call/bus_peers.h"

struct message;
struct worker_bus;

struct worker_peers {
	struct bus_peers_link link;
	struct worker_bus *bus;
};

/* Both must live as long as the host. */
void worker_peers_init(struct worker_peers *peers, struct worker_bus *bus);
void worker_peers_take(struct worker_peers *peers, const struct message *message);

#endif
