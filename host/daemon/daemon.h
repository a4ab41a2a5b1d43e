/*
 * `socklet run`: the process around one worker, from reading the file to the last byte sent.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_DAEMON_H
#define SOCKLET_DAEMON_DAEMON_H

#include "daemon/options.h"

/*
 * Serves until SIGTERM or SIGINT. Returns the exit status: 0, or 1 with the reasons on standard
 * error when it could not start.
 */
int daemon_run(const struct options *options);

#endif
