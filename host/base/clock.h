/*
 * The time that deadlines are counted in: milliseconds that never go back. Read without a system
 * call, a few milliseconds coarse. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_CLOCK_H
#define SOCKLET_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static inline uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* True at most once within the interval, for lines of the log; `last_ms` is 0 before the first. */
static inline bool clock_allows(uint64_t *last_ms, uint64_t interval_ms)
{
	uint64_t now_ms = clock_ms();

	if (*last_ms != 0 && now_ms - *last_ms < interval_ms)
		return false;
	*last_ms = now_ms;
	return true;
}

/* clock_ms with a system call's precision, for what is shorter than deadlines. */
static inline uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* As event_add wants a delay. */
static inline struct timeval clock_timeval(uint64_t delay_ms)
{
	return (struct timeval){(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};
}

#endif
