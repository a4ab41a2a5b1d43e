/*
 * The master's part in requests of other programs: it passes questions to all workers and answers
 * back, knows the idempotency keys, and has the status. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_ADMIN_H
#define SOCKLET_DAEMON_HUB_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/admin_kinds.h"
#include "daemon/key_memory.h"
#include "daemon/poll_list.h"

struct master;
struct member;
struct message;

enum { HUB_ADMIN_WAITS_MAX = 64 }; /* for a status; more are not answered */

struct hub_admin {
	struct key_memory keys;
	struct {
		unsigned index; /* of the worker */
		uint64_t id;
		bool is_metrics;
	} waits[HUB_ADMIN_WAITS_MAX];
	unsigned wait_count;
};

void hub_admin_take(struct master *master, struct member *from, const struct message *message);
void hub_admin_watch(const struct master *master, struct poll_list *list);
/* The workers have answered what status_ask has asked. */
void hub_admin_tell_status(struct master *master);
/* Its process has ended. */
void hub_admin_gone(struct master *master, const struct member *member);
void hub_admin_fini(struct hub_admin *admin);

#endif
