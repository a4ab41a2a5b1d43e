/*
 * Topics that are kept: the hub gives their messages one order, and to who comes again what it has
 * missed. Of hub.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_HISTORY_H
#define SOCKLET_DAEMON_HUB_HISTORY_H

#include "base/span.h"

struct master;
struct member;
struct message;

/* As what serves says. */
void hub_history_configure(struct master *master);
/* Numbers a message, keeps it, and gives it to all workers, its own included. */
void hub_history_keep(struct master *master, struct span body);
/* Answers a worker. */
void hub_history_recall(struct master *master, struct member *from, struct span body);
/* A message, or a loss, passes that no worker asked to keep. */
void hub_history_note(struct master *master, const struct message *message);

#endif
