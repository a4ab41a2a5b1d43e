/*
 * What `socklet routes` says of the compression of a route. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_ROUTES_COMPRESSION_H
#define SOCKLET_DAEMON_COMMAND_ROUTES_COMPRESSION_H

#include <jansson.h>

#include "call/generation.h"

/* A line below that of a route with a plugin. */
void command_routes_compression_print(const struct route *route);
/* The member "compression" of a route with a plugin. */
void command_routes_compression_add(json_t *object, const struct route *route);

#endif
