/*
 * What a WebSocket peer is watched for: silence, age, a message that never ends, and the time its
 * answers take. Says what is due, and does nothing itself: ws_conn.c asks, pings and closes. Knows
 * no clock and no socket. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_WATCH_H
#define SOCKLET_NET_WS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "call/transport.h"

/*
 * Times are those of clock.h, of which most are the low half: each is over long before that comes
 * round, or nobody asks for it.
 */
struct ws_watch {
	uint32_t opened_ms;
	uint32_t received_ms; /* any byte came last */
	uint32_t message_ms;  /* a message came last */
	union {
		uint32_t begun_ms;  /* a message began, if is_inside */
		uint32_t closed_ms; /* our close frame was queued, if is_closed */
	};
	uint32_t pinged_ms;           /* our last ping went out; at first: opened_ms */
	uint32_t rtt_last_us, rtt_us; /* the last, and smoothed; 0: not measured yet */
	uint16_t chance;              /* its share of the spread of lifetimes, of 65536 */
	bool is_waiting : 1;          /* nothing has come behind our last ping */
	bool owes_pong : 1;           /* the pong of our last ping has not come */
	bool is_inside : 1;           /* a message has begun and is not whole */
	bool is_closed : 1;           /* the rest is over; ws_conn.c's */
};

enum ws_verdict {
	WS_FINE,
	WS_PING_DUE,
	/* The connection is to be closed: */
	WS_IDLE,
	WS_SILENT, /* nothing came behind a ping */
	WS_OLD,
	WS_ENDLESS, /* a message was begun too long ago */
	WS_VERDICTS,
};

enum { WS_STAMP_BYTES = 8 };

void ws_watch_begin(struct ws_watch *watch, const struct transport_limits *limits, uint64_t now_ms);
/* These are the limits from now on; what was measured stays. */
void ws_watch_set_limits(struct ws_watch *watch, const struct transport_limits *limits);

/* The whole of a time whose low half was kept; it may be later than a `now` read just before it. */
uint64_t ws_watch_whole(uint32_t since_ms, uint64_t now_ms);
/*
 * Bytes came; then what was in them, and whether they end within a message. True: it begins there.
 */
void ws_watch_received(struct ws_watch *watch, uint64_t now_ms);
static inline void ws_watch_took(struct ws_watch *watch, enum ws_opcode opcode)
{
	/* Of a message whose frames stand around a control frame nothing is over. */
	if (opcode < WS_CLOSE)
		watch->is_inside = false;
}
bool ws_watch_decoded(struct ws_watch *watch, bool is_inside);
/* Reading begins again: the silence was ours. */
void ws_watch_listens(struct ws_watch *watch, uint64_t now_ms);

/* Deaf: nothing is read, so that nothing comes is no sign of the peer's. */
enum ws_verdict ws_watch_look(const struct ws_watch *watch, const struct transport_limits *limits,
	bool is_deaf, uint64_t now_ms);
/* When to look again; 0: never. */
uint64_t ws_watch_next(const struct ws_watch *watch, const struct transport_limits *limits,
	bool is_deaf, uint64_t now_ms);

/* The payload of a ping that goes out now. */
void ws_watch_ping(struct ws_watch *watch, uint8_t out[WS_STAMP_BYTES], uint64_t now_us);
/* A pong came; one that answers no ping of ours, or not the last, is passed over. */
void ws_watch_pong(struct ws_watch *watch, struct span payload, uint64_t now_us);

#endif
