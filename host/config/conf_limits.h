/*
 * The section `limits` as a struct: that of a route, and what only the top has. A part of config.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_LIMITS_H
#define SOCKLET_CONFIG_CONF_LIMITS_H

#include <stdint.h>

#include "config/conf_overflow.h"

/* What a peer may send in a second, and what happens to one that sends more. */
enum excess_conf { EXCESS_PAUSE, EXCESS_REFUSE, EXCESS_CLOSE };

struct rates_conf {
	uint64_t messages, messages_burst; /* frames; 0: any; burst 0: that of a second */
	uint64_t bytes, bytes_burst;
	enum excess_conf excess;
};

struct limits_conf {
	uint64_t message_bytes; /* a message, beyond it 1009 */
	uint64_t frame_bytes;   /* a frame, beyond it 1009; 0: any */
	uint64_t queue_bytes;   /* waiting to be sent to one peer */
	enum overflow_conf overflow;
	uint64_t jobs;         /* offloaded and not done, of one connection; 0: any number */
	uint64_t idle_ms;      /* without a message from the peer, beyond it 1001; 0: never */
	uint64_t handshake_ms; /* from accept to the end of the handshake, beyond it 408 or 503 */
	uint64_t close_ms;     /* from our close frame to the end of TCP */
	uint64_t body_bytes, request_ms; /* of a plain request, beyond them 413, 408 or 503 */
	uint64_t message_time_ms;        /* for a message to arrive; 0: for ever */
	uint64_t lifetime_ms, lifetime_spread_ms; /* of a connection; 0: for ever */
	struct rates_conf rates;
	uint64_t connections; /* of the route; 0: any */
	/* Only at the top: */
	uint64_t all_connections, per_address; /* 0: any */
	uint64_t ipv6_prefix;                  /* bits of it that are an address */
	uint64_t handshake_rate, handshake_burst;
	uint64_t target_bytes, headers, header_bytes, head_bytes; /* of a request */
};

#endif
