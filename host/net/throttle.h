/*
 * How much a peer may send: frames and bytes a second, each with a burst, as two token buckets
 * of one number each (the time at which they are full again). Exists only for connections whose
 * route has a rate. Knows no clock and no socket; ws_conn.c asks it about each frame.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_THROTTLE_H
#define SOCKLET_NET_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "call/transport.h"

struct bucket {
	uint64_t per_s, burst; /* per_s 0: any */
	uint64_t full_ns;      /* when nothing of the burst is missing any more */
};

struct throttle {
	struct bucket frames, bytes;
	uint64_t pending_frames, pending_bytes; /* of a message that is not whole */
	enum transport_excess excess;
	bool is_bytes; /* what did not fit last were the bytes */
};

/* NULL: the limits have no rate. Else it replaces `before`, which may be NULL, with its debts. */
struct throttle *throttle_renew(struct throttle *before, const struct transport_limits *limits);
/*
 * So much came; is_whole: with it a message, or a control frame. False: it is too much and, with
 * EXCESS_TO_REFUSE, was not counted.
 */
bool throttle_take(
	struct throttle *throttle, uint64_t frames, uint64_t bytes, bool is_whole, uint64_t now_ms);
/* Which rate it was, for the reason of a close. */
void throttle_explain(const struct throttle *throttle, struct err *why);
/* How long nothing is to be read; 0: read. Only EXCESS_TO_PAUSE ever waits. */
uint64_t throttle_wait_ms(const struct throttle *throttle, uint64_t now_ms);

#endif
