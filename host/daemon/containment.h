/*
 * What follows from the death of a worker, beyond a new one: the report, the blame, and the
 * quarantine of a plugin that ended too many. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CONTAINMENT_H
#define SOCKLET_DAEMON_CONTAINMENT_H

#include "daemon/master_state.h"

/* The member's process ended with that status of waitpid, and should not have. */
void containment_on_death(struct master *master, struct member *member, pid_t pid, int status);

#endif
