/*
 * The commands that serve nothing: check, routes and explain, and those that talk to a host that
 * does. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_H
#define SOCKLET_DAEMON_COMMAND_H

#include "base/err.h"
#include "daemon/options.h"

int command_check(const struct options *options);
int command_routes(const struct options *options);
int command_explain(const struct options *options);
int command_reload(const struct options *options);
int command_status(const struct options *options);
int command_stop(const struct options *options);
int command_upgrade(const struct options *options);

/* Every complaint on a line of standard error, sorted by line. */
void command_print_complaints(const struct err_list *why);

#endif
