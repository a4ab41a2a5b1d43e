/*
 * What `socklet routes` says of a route besides its fields. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ROUTE_SETTINGS_H
#define SOCKLET_DAEMON_ROUTE_SETTINGS_H

#include <jansson.h>

#include "call/generation.h"

/* Lines below that of a route with a plugin. */
void route_settings_print(const struct route *route);
/* The value of its "compression"; null where there is no plugin. */
json_t *route_settings_compression_json(const struct route *route);

#endif
