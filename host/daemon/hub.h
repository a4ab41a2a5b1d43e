/*
 * The local bus: what one worker publishes, the master passes to all others.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_H
#define SOCKLET_DAEMON_HUB_H

#include "base/span.h"
#include "daemon/poll_list.h"

struct master;
struct member;

/* Draws the number that this host's messages carry. */
void hub_init(struct master *master);
void hub_fini(struct master *master);
/* A worker was born: gives it its end of a link. Without descriptors it stays alone. */
void hub_connect(struct master *master, struct member *member);
void hub_watch(struct master *master, struct poll_list *list);
/* The master itself publishes a text: for the members of all workers. */
void hub_publish(struct master *master, struct span topic, struct span text);
/* Its process has ended: takes what it has sent up to then, for the others, and forgets it. */
void hub_disconnect(struct master *master, struct member *member);

#endif
