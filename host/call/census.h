/*
 * How many sessions each route of each generation has: who keeps old ones alive. What topics have
 * to do.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_CENSUS_H
#define SOCKLET_CALL_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;

struct census_row {
	unsigned generation;
	const char *path, *plugin;
	unsigned version; /* of the plugin's code */
	bool is_left;     /* no new connection gets that plugin there: replaced or removed */
	size_t sessions;
	size_t moved;    /* of them: handed over at least once */
	size_t draining; /* will be closed */
};

struct census {
	struct census_row *rows; /* only of routes that have a session */
	size_t count;
};

/* The texts are borrowed from the sessions: use it before anything else runs. */
void census_take(struct census *out, const struct host *host);
void census_fini(struct census *census);

/* Of this worker: what there is now, and what has happened since its birth. */
struct topics_census {
	size_t filters, subscriptions, queue_bytes;
	uint64_t published, refused, received, delivered, lost;
};

void topics_census_take(struct topics_census *out, const struct host *host);

#endif
