/*
 * Where the host listens and as whom its workers run, for `socklet routes`.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_ROUTES_LISTEN_H
#define SOCKLET_DAEMON_COMMAND_ROUTES_LISTEN_H

#include <jansson.h>

#include "config/config.h"

void command_routes_listen_print(const struct config *config);
/* The caller's. */
json_t *command_routes_listen_json(const struct config *config);

#endif
