/*
 * The master's part in what hosts say to each other: the roster of all, and which worker speaks for
 * this one. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_ROSTER_H
#define SOCKLET_DAEMON_HUB_ROSTER_H

#include <stdbool.h>

#include "config/config.h"
#include "daemon/poll_list.h"
#include "daemon/roster.h"

struct master;
struct member;
struct message;

struct hub_roster {
	struct roster roster;
	struct member *speaker;           /* NULL: no worker has the broker */
	bool is_up[CONFIG_WORKERS_MAX];   /* the broker, for that worker */
	bool is_late[CONFIG_WORKERS_MAX]; /* has not said so since the last beat */
};

void hub_roster_init(struct master *master);
void hub_roster_fini(struct master *master);
/* Does what is due, and says when it wants to be called again. */
void hub_roster_watch(struct master *master, struct poll_list *list);
void hub_roster_take(struct master *master, struct member *from, const struct message *message);
/* Its process has ended. */
void hub_roster_gone(struct master *master, const struct member *member);
/* This host stops: all others are told. */
void hub_roster_say_goodbye(struct master *master);
/* This host's number where others may see it; 0: there are no others, as there is no bus. */
uint64_t hub_roster_host(const struct master *master);

#endif
