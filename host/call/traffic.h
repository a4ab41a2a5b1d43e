/*
 * What went over one connection, counted where it goes and nowhere else: the totals of a worker are
 * added up when somebody asks. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TRAFFIC_H
#define SOCKLET_CALL_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/expect.h"

enum { TRAFFIC_BITS = 48 };

#define TRAFFIC_MASK (((uint64_t)1 << TRAFFIC_BITS) - 1)

/* 2^48 messages of 2^48 bytes, counted up without a mask. */
struct __attribute__((packed)) traffic_way {
	uint64_t bytes;    /* in its high bits those of the messages, which have no room below */
	uint32_t messages; /* the low half */
};

/* Of one connection. */
struct __attribute__((packed)) traffic {
	struct traffic_way in, out;
	uint64_t opened_ms : TRAFFIC_BITS; /* 0: not accepted */
};

static inline void traffic_begin(struct traffic *traffic, uint64_t now_ms)
{
	traffic->opened_ms = now_ms & TRAFFIC_MASK;
}

static inline void traffic_count(struct traffic_way *way, size_t messages, size_t bytes)
{
	uint32_t before = way->messages;

	way->bytes += bytes;
	way->messages = before + (uint32_t)messages;
	if (UNLIKELY(way->messages < before))
		way->bytes += (uint64_t)1 << TRAFFIC_BITS;
}

static inline uint64_t traffic_messages(struct traffic_way way)
{
	return way.bytes >> TRAFFIC_BITS << 32 | way.messages;
}

static inline uint64_t traffic_bytes(struct traffic_way way)
{
	return way.bytes & TRAFFIC_MASK;
}

#endif
