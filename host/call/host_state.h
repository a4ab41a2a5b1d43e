/*
 * struct host, shared by the files of call/ that make up a worker's application side. Private to
 * call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_HOST_STATE_H
#define SOCKLET_CALL_HOST_STATE_H

#include <socklet.h>

#include "base/slab.h"
#include "call/admin_request.h"
#include "call/bus.h"
#include "call/crowd.h"
#include "call/bus_plugin.h"
#include "call/fan_out.h"
#include "call/host.h"
#include "call/kept_stream.h"
#include "call/metrics.h"
#include "call/offload.h"
#include "call/session.h"
#include "call/session_table.h"
#include "plugin/audit.h"

struct host {
	struct sl_host table; /* given to plugins; host_of_table finds back */
	struct loop *loop;
	struct image_store *images;
	struct generation *generation;
	struct offload *offload;
	struct session_table sessions;
	struct slab session_slab;   /* what they are made of */
	struct session_queue due;   /* something has come that plugin code may not see at once */
	struct session_queue ended; /* disconnect still to run */
	struct span heard;          /* a text that a plugin is given: it is UTF-8 */
	struct buf scratch;         /* for formatting a message */
	struct buf label;           /* what session_label made last */
	struct metrics metrics;
	struct counters counters;
	struct fan_out fan_out;
	struct resumes resumes;
	struct admin admin;
	struct presence_link *presence;
	struct {
		SLIST_HEAD(, bus_driver) drivers;
		uint64_t host_id;
	} bus;
	struct bus_plugin broker;
	struct kept_stream kept;  /* what a broker's store has numbered */
	struct loop_timer *sweep; /* session_move.c's, while it looks at all sessions */
	size_t sweep_at;          /* the next bucket of `sessions` */
	struct tally tally;
	struct crowd crowd;
	struct audit_threads threads;
	struct breadcrumb *page; /* what plugin ran last; NULL: nobody gave one */
	uint32_t watched_turn;   /* of the page, at the last look */
	int64_t watched_second;
	bool is_watched;
};

/*
 * The route of the request's path, whose parameters the request then has; NULL: there is none.
 * Answers from here on look as those of the route.
 */
const struct route *host_match(
	const struct route_map *map, struct transport *transport, struct request *request);
/*
 * Whether it is to be treated as one, right or wrong. Only a GET upgrades: where a plugin answers
 * plain requests, any other method is one, whatever it would like to upgrade to.
 */
bool host_is_handshake(const struct generation *generation, const struct request *request);
/*
 * Checks the handshake and finds the plugin's route; the request then has its path parameters.
 * NULL: there is none, and the transport was answered.
 */
const struct route *host_find_route(
	struct generation *generation, struct transport *transport, struct request *request);

/* The functions of socklet.h over this host. */
struct sl_host host_table(void);

static inline struct host *host_of_table(const struct sl_host *table)
{
	return (struct host *)(uintptr_t)table; /* the first member */
}

#endif
