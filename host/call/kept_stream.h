/*
 * The messages that a broker's store has numbered, as they come to this worker: once each, in the
 * order of their numbers, also across an outage, whose messages it asks for; and who has some of
 * them already, as they were given to members while the broker was away. Private to call/.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_KEPT_STREAM_H
#define SOCKLET_CALL_KEPT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "call/bus.h"

struct host;

enum {
	KEPT_HELD_BYTES = 4 * 1024 * 1024, /* of messages that some catch up with */
	KEPT_RUNS_MAX = 4096,
	KEPT_PASSED_MAX = 128,
	KEPT_PART_BYTES = 1024 * 1024, /* of what an outage has kept from us, at a time */
};

struct kept_copy;

/* Messages of one origin, in a row, that members had before they had a number. */
struct kept_run {
	uint64_t origin, first, last;
	uint64_t born; /* of the tree then */
};

/* How far an origin of this host has come here. */
struct kept_passed {
	uint64_t origin, sequence;
};

/* Of a host. */
struct kept_stream {
	uint64_t order; /* 0: not known yet */
	uint64_t heard; /* members here have what is for them up to that */
	bool is_catching_up;
	STAILQ_HEAD(, kept_copy) held; /* what came since somebody asked for the past */
	size_t held_bytes;
	uint64_t held_from; /* what came up to there may be missing in it */
	struct kept_run *runs;
	size_t run_count;
	struct kept_passed passed[KEPT_PASSED_MAX];
	size_t passed_count;
	uint64_t duplicates, early;
};

void kept_stream_init(struct kept_stream *stream);
void kept_stream_fini(struct kept_stream *stream);
/* Another store, or none: what was heard says nothing any more. */
void kept_stream_forget(struct kept_stream *stream);

/* A message with its number, live. */
void kept_stream_receive(struct host *host, const struct bus_message *message);
/* One of this host, while the broker is away: for members now. False: the queue is full. */
bool kept_stream_early(struct host *host, const struct bus_message *message);

/* The broker is not there: until the answer to what kept_stream_connected asks, live ones are held.
 */
void kept_stream_disconnected(struct host *host);
/* The broker is there, all filters are wanted: asks for what was missed meanwhile. */
void kept_stream_connected(struct host *host);
/* The answers to that. */
void kept_stream_past(struct host *host, const struct bus_message *message);
void kept_stream_past_over(
	struct host *host, enum bus_recalled outcome, uint64_t order, uint64_t number);

/* Somebody asks for the past: from now on what comes is held. */
void kept_stream_hold(struct host *host);
/*
 * What members here were given behind that number while somebody asked; visit returns false to end
 * it. False: some of it is not held any more.
 */
bool kept_stream_replay(const struct host *host, uint64_t order, uint64_t after,
	bool (*visit)(void *context, const struct bus_message *message), void *context);

#endif
