/*
 * A bus driver that is a plugin (socklet_bus.h), as a driver of call/bus.h: what is published waits
 * here while the broker is away, is numbered, and handed over when no plugin code is on the stack.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_BUS_PLUGIN_H
#define SOCKLET_CALL_BUS_PLUGIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <socklet_bus.h>

#include "call/bus.h"
#include "call/bus_peers.h"
#include "call/bus_queue.h"
#include "topic/topic_numbers.h"

struct generation;

struct bus_counts {
	uint64_t published;  /* taken by the driver */
	uint64_t dropped;    /* of what was published: never taken */
	uint64_t received;   /* from other hosts */
	uint64_t duplicates; /* passed over */
	uint64_t lost;       /* known to be missing */
	uint64_t refused;    /* could be no message */
	uint64_t kept;       /* of those published: by the store */
	uint64_t recalled;   /* given by the store once more */
	uint64_t early;      /* members had them while the broker was away */
};

struct bus_wish; /* a filter that is wanted, or no longer */

/* Part of struct host. */
struct bus_plugin {
	struct bus_driver driver;
	struct host *host;
	struct sl_plugin *plugin; /* counted; NULL: there is none */
	struct bus_queue queue;
	STAILQ_HEAD(, bus_wish) wishes;
	bool is_told;            /* of all filters, since it is up */
	bool is_full;            /* the driver: it takes no more for now */
	bool has_stranded;       /* the broker went: members may wait for what is queued */
	bool has_lost_questions; /* and others for answers */
	uint64_t questions;      /* ever asked */
	uint64_t origin;
	uint64_t kept_origin, kept_sequence, gap_origin, gap_sequence;
	struct topic_numbers sent, heard;
	struct bus_counts counts;
	struct bus_peers peers;
	uint32_t logged; /* the state that the log knows */
	uint64_t warned_ms;
};

void bus_plugin_init(struct bus_plugin *bus, struct host *host);
/* What waits is given to the driver as far as it takes it. */
void bus_plugin_fini(struct bus_plugin *bus);
/*
 * The driver of a generation that serves from now on; none, when it has none. True: it is another,
 * and what waited for the one before is for this one.
 */
bool bus_plugin_use(struct bus_plugin *bus, const struct generation *generation);

bool bus_plugin_is_up(const struct bus_plugin *bus);

/* For bus_plugin_says.c: its state has changed; a question is answered, and freed. */
void bus_plugin_take_state(struct bus_plugin *bus);
void bus_plugin_answer(struct bus_plugin *bus, struct bus_parcel *question,
	enum bus_recalled outcome, uint64_t order, uint64_t number);

/* The table of socklet_bus.h. */
const struct sl_bus_host *bus_plugin_functions(void);

/* Of this worker: how it is now, and what has happened since its birth. Borrowed texts. */
struct bus_census {
	const char *driver; /* NULL: there is none */
	const char *state;  /* "down", "connecting", "up" */
	const char *text;
	struct bus_counts counts;
	size_t queue_bytes;
	bool has_store;         /* topics are kept there */
	uint64_t order, number; /* up to where this worker has come in it; 0: nowhere yet */
};

void bus_census_take(struct bus_census *out, const struct host *host);

#endif
