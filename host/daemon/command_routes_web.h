/*
 * What `socklet routes` says of who may connect and of how answers look. SPDX-License-Identifier:
 * MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_ROUTES_WEB_H
#define SOCKLET_DAEMON_COMMAND_ROUTES_WEB_H

#include <jansson.h>

#include "call/generation.h"

/* Lines below the route's; what is as usual is not said. */
void command_routes_web_print(const struct route *route);
/* Adds members to the route's object, all of them. */
void command_routes_web_add(json_t *object, const struct route *route);
/* Lines of what holds for all routes; "" when all is as usual. */
void command_routes_web_print_top(const struct config *config);

#endif
