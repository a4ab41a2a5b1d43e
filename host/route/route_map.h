/*
 * Decoded path to route, for thousands of routes: a tree of segments, static before parameter,
 * int, float, uuid, str, path in this order, whatever the order in the file. Immutable once
 * built. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_ROUTE_ROUTE_MAP_H
#define SOCKLET_ROUTE_ROUTE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "route/pattern.h"

struct route_map;

struct route_match {
	void *route;                            /* as given to route_map_add */
	struct span params[PATTERN_PARAMS_MAX]; /* decoded, in the pattern's order */
	size_t param_count;
};

struct route_map *route_map_new(void);
void route_map_free(struct route_map *map);
/*
 * False when another route matches exactly the same paths: *taken is that route (then nothing
 * was added). The pattern must outlive the map; `route` is only handed back.
 */
bool route_map_add(struct route_map *map, const struct pattern *pattern, void *route, void **taken);
/* Never allocates. Params point into `path`, which is already percent-decoded. */
bool route_map_match(const struct route_map *map, struct span path, struct route_match *out);

#endif
