/*
 * What routes allow, once for all connections that are allowed the same: each would else hold a
 * copy. Counted, as a connection outlives its session and its generation. One thread.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_LIMITS_H
#define SOCKLET_NET_WS_LIMITS_H

#include <sys/queue.h>

#include "call/transport_limits.h"

struct ws_limits_entry;
LIST_HEAD(ws_limits_bucket, ws_limits_entry);

enum { WS_LIMITS_BUCKETS = 64 };

/* Of a worker. Zero it. */
struct ws_limits {
	struct ws_limits_bucket buckets[WS_LIMITS_BUCKETS];
};

/* The same for equal ones, until each has been put back. */
const struct transport_limits *ws_limits_take(
	struct ws_limits *all, const struct transport_limits *wanted);
/* NULL: nothing was taken. */
void ws_limits_put(const struct transport_limits *limits);

#endif
