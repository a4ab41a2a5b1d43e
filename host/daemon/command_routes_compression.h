/*
 * What `socklet routes` says of the compression of a route. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_ROUTES_COMPRESSION_H
#define SOCKLET_DAEMON_COMMAND_ROUTES_COMPRESSION_H

#include <jansson.h>

#include "call/generation.h"

void command_routes_compression_print_top(const struct config *config);
/* A line below that of a route with a plugin; nothing, where it is as at the top. */
void command_routes_compression_print(const struct route *route);
/* The member "compression" of a route with a plugin. */
void command_routes_compression_add(json_t *object, const struct route *route);

#endif
