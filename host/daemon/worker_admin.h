/*
 * How requests of other programs reach all workers and the master: call/admin.h over the link with
 * the hub. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_ADMIN_H
#define SOCKLET_DAEMON_WORKER_ADMIN_H

#include "call/admin.h"

struct message;
struct worker_bus;

struct worker_admin {
	struct admin_link link;
	struct worker_bus *bus;
};

/* Both must live as long as the host. */
void worker_admin_init(struct worker_admin *admin, struct worker_bus *bus);
void worker_admin_take(struct worker_admin *admin, const struct message *message);

#endif
