/*
 * Opens plugins where a crash costs nothing. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_PROBE_H
#define SOCKLET_CALL_PROBE_H

#include "base/err.h"
#include "call/host.h"
#include "config/config.h"

/*
 * Opens each plugin that the config names in a child process of its own. False adds to `why`
 * those that crashed, hung (10 s) or ended it, where routes.yaml names them; what can be said
 * without dying is left to generation_build. Call while the process has one thread.
 */
bool probe_plugins(const struct config *config, struct host *host, struct err_list *why);

#endif
