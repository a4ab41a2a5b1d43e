/*
 * Limits as a person or a program wants to read them, for `socklet routes`.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LIMITS_SHOW_H
#define SOCKLET_CONFIG_LIMITS_SHOW_H

#include "config/config.h"

struct limit_shown {
	const char *name;
	const char *text; /* as it could be written: "64KiB", "5m", "pause" */
	bool is_number;   /* then `number` says it in bytes, milliseconds, … */
	uint64_t number;
	bool is_default;
};

enum { LIMITS_SHOWN_MAX = 32 };

/* Those of a route, in the order of README. Returns how many; texts are the arena's. */
size_t limits_show_route(struct limit_shown out[LIMITS_SHOWN_MAX], const struct route_conf *route,
	struct arena *arena);
/* Those that only the top has. */
size_t limits_show_host(struct limit_shown out[LIMITS_SHOWN_MAX], const struct limits_conf *limits,
	struct arena *arena);

#endif
