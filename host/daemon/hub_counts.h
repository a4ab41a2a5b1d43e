/*
 * What the master knows of its workers' subscriptions: how many each has to which filters, told on
 * to all others, so that each worker can add up. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_COUNTS_H
#define SOCKLET_DAEMON_HUB_COUNTS_H

#include <stdbool.h>

#include "base/span.h"
#include "topic/topic_counts.h"

struct master;
struct member;

struct hub_counts {
	struct topic_counts table;
	bool has_warned[TOPIC_COUNTS_SOURCES]; /* of a worker with too many filters */
	bool is_behind[TOPIC_COUNTS_SOURCES];  /* its queue had no room; it will be told all anew */
};

void hub_counts_init(struct master *master);
void hub_counts_fini(struct master *master);

/* A worker was born, and its link is open: tells it all. */
void hub_counts_greet(struct master *master, struct member *member);
/* The body of a COUNTS_TOLD. */
void hub_counts_take(struct master *master, struct member *from, struct span body);
/* Tells all to a worker that was behind, once its queue has room. */
void hub_counts_look(struct master *master, struct member *member);
/* Its process has ended: its connections, too. */
void hub_counts_gone(struct master *master, struct member *member);

#endif
