/*
 * What a route answers: handshakes, plain requests, or, of a plugin, both; and requests of which
 * methods. Called by generation.c, and by who tells of routes. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ROUTE_SERVES_H
#define SOCKLET_CALL_ROUTE_SERVES_H

#include "call/generation.h"

bool route_serves_websocket(const struct route *route);
bool route_serves_http(const struct route *route);
/* The Allow header, and who sees a HEAD; complains of methods that nobody would answer. */
void route_serves_find_methods(struct route *route, struct arena *arena, struct err_list *why);

#endif
