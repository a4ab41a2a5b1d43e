/*
 * What the load generator measures: times in a histogram, and of a server's processes the time on
 * the CPU and the memory that is theirs alone. Knows nothing of connections. Called by
 * load_modes.c. SPDX-License-Identifier: MIT
 */
#ifndef LOAD_GAUGE_H
#define LOAD_GAUGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 32 steps for each power of two: no value is told more than 3 % too low. */
enum { GAUGE_STEPS = 32, GAUGE_SLOTS = 60 * GAUGE_STEPS };

struct gauge {
	uint64_t counts[GAUGE_SLOTS], total;
};

void gauge_add(struct gauge *gauge, uint64_t value, uint64_t times);
/* The value that `share` (0 to 1) of all are not above. */
uint64_t gauge_quantile(const struct gauge *gauge, double share);

uint64_t gauge_now_ns(void);
/* Of the process and all below it, user and system time, to the nanosecond. */
uint64_t gauge_cpu_ns(pid_t pid);
/* Of the same: anonymous memory in RAM. */
uint64_t gauge_anonymous_bytes(pid_t pid);

#endif
