/*
 * The first load: ready lines when all workers serve, an exit status when they do not.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_START_H
#define SOCKLET_DAEMON_START_H

#include "daemon/master_state.h"

/* Prints the reasons in reload.why; the master is over. */
void start_refused(struct master *master);
/* Prints the ready lines if all workers serve, and says whether they do. */
bool start_is_done(struct master *master);
/* Whether this death was one too many; then fills `why`. */
bool start_is_hopeless(const struct member *member, struct err *why);

#endif
