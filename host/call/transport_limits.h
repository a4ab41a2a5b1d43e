/*
 * What a route allows its connections, as net/ holds them to it, and what became of it. A part of
 * transport.h. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TRANSPORT_LIMITS_H
#define SOCKLET_CALL_TRANSPORT_LIMITS_H

#include <stdint.h>

/* What is done with a message that would have more than queue_bytes wait. */
enum overflow {
	OVERFLOW_CLOSE,      /* 1013 */
	OVERFLOW_CLOSE_1008, /* the same with another code */
	OVERFLOW_TELL,       /* it is not queued, and the plugin is told */
	OVERFLOW_DROP_NEWEST,
	OVERFLOW_DROP_OLDEST,
	OVERFLOW_KEEP_LAST, /* of each key; else as OVERFLOW_DROP_OLDEST */
};

/* What became of a message. */
enum sent {
	SENT_QUEUED,
	SENT_DROPPED, /* it was; the connection stays */
	SENT_FULL,    /* it does not fit, and the route's overflow says close or tell */
};

/* What happens to a peer that sends more than its rate. */
enum transport_excess {
	EXCESS_TO_PAUSE,  /* nothing is read until it is due */
	EXCESS_TO_REFUSE, /* messages that are too much are dropped */
	EXCESS_TO_CLOSE,  /* 1008 */
};

/* What a route allows its connections. Compared as bytes: no padding. */
struct transport_limits {
	uint64_t message_bytes, queue_bytes;
	uint64_t idle_ms, close_ms;                 /* idle 0: never */
	uint64_t ping_interval_ms, ping_timeout_ms; /* interval 0: never */
	uint64_t overflow;                          /* enum overflow */
	uint64_t frame_bytes;                       /* 0: any */
	uint64_t message_time_ms;                   /* for a message to arrive; 0: any */
	uint64_t lifetime_ms, lifetime_spread_ms;   /* 0: for ever */
	uint64_t messages_per_s, messages_burst;    /* per_s 0: any; burst 0: that of a second */
	uint64_t bytes_per_s, bytes_burst;
	uint64_t excess; /* enum transport_excess */
};

/* How long the way to the peer and back takes; 0: not measured yet. */
struct transport_rtt {
	uint32_t smoothed_us, last_us;
};

#endif
