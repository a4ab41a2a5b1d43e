/*
 * The timers of call/loop.h, one libevent timer each: for plugins. Connections use deadline.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LOOP_TIMER_H
#define SOCKLET_NET_LOOP_TIMER_H

#include "call/loop.h"

struct loop_timer *loop_timer_start(struct loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
	void (*fire)(void *arg), void *arg);
void loop_timer_stop(struct loop_timer *timer);

#endif
