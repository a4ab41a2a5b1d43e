/*
 * Where the control socket of a host is, as both the host and `socklet reload` work it out from
 * the routes file. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CONTROL_PATH_H
#define SOCKLET_DAEMON_CONTROL_PATH_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/err.h"
#include "config/config.h"

/*
 * What the file's `control` says, else a path of this user's that the file's real path gives. A
 * folder that it needs is made. False fills `why`.
 */
bool control_path(struct sockaddr_un *out, const struct config *config, struct err *why);

#endif
