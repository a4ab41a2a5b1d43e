/*
 * `socklet run`: the process that owns the listening sockets and the signals, and whose children
 * do the work. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_MASTER_H
#define SOCKLET_DAEMON_MASTER_H

#include "daemon/options.h"

/*
 * Serves until SIGTERM or SIGINT. Returns the exit status: 0, or 1 with the reasons on standard
 * error when it could not start, and when a worker did not end as it should.
 */
int master_run(const struct options *options);

#endif
