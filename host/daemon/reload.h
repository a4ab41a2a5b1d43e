/*
 * Making a routes file serve: at start, and at each SIGHUP. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_RELOAD_H
#define SOCKLET_DAEMON_RELOAD_H

#include "daemon/master_state.h"

void reload_init(struct reload *reload);
/* Gives up what is in progress. */
void reload_fini(struct master *master);

/* Begins one, or one more after that in progress. */
void reload_request(struct master *master);
/* What to wait for. */
void reload_watch(struct master *master, struct poll_list *list);
/* Goes on with what only had to wait. */
void reload_look(struct master *master);

/* The process may be the canary. */
void reload_reap(struct master *master, pid_t pid, int status);
void reload_on_message(struct master *master, struct member *member, const struct message *message);
/* The member's process has ended. */
void reload_on_death(struct master *master, struct member *member);

#endif
