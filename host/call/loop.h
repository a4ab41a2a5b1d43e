/*
 * What the event loop offers upward: timers and its base, implemented by net/ (and by a fake clock
 * in unit tests). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_LOOP_H
#define SOCKLET_CALL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct event_base;

struct loop_ops {
	/* Calls fire(arg) after delay_ms, then every repeat_ms (0: once). Never NULL. */
	struct loop_timer *(*timer_start)(struct loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
		void (*fire)(void *arg), void *arg);
	/* Stops and frees it; also for one that fired its only time. Allowed from inside fire. */
	void (*timer_stop)(struct loop_timer *timer);
	/* Asks for host_turn_end after the events of this turn. */
	void (*want_turn_end)(struct loop *loop);
};

struct loop {
	const struct loop_ops *ops;
	struct event_base *base; /* NULL in unit tests */
	/* A plugin has been given the base, and may have events in it that are to come at once. */
	bool is_lent;
};

#endif
