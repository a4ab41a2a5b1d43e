/*
 * Reading the routes file and making it serve: at start and at each SIGHUP.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_RELOAD_H
#define SOCKLET_DAEMON_RELOAD_H

#include <stdbool.h>

#include "base/err.h"
#include "daemon/daemon_state.h"

/*
 * Reads the file, builds a generation, binds new listeners, swaps, closes listeners no longer
 * wanted. False adds every reason to `why` and leaves all as it was.
 */
bool reload_load(struct daemon *daemon, struct err_list *why);
/* reload_load, with one log line per reason or for the success. */
void reload_run(struct daemon *daemon);

#endif
