/*
 * check and routes call no start, so no plugin asks for a timer; the functions are here only
 * because the interface has them. SPDX-License-Identifier: MIT
 */
#include "daemon/idle_loop.h"

#include <stddef.h>

static struct loop_timer *timer_start(struct loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
	void (*fire)(void *arg), void *arg)
{
	(void)loop;
	(void)delay_ms;
	(void)repeat_ms;
	(void)fire;
	(void)arg;
	return NULL;
}

static void timer_stop(struct loop_timer *timer)
{
	(void)timer;
}

static void want_turn_end(struct loop *loop)
{
	(void)loop;
}

struct loop idle_loop(void)
{
	static const struct loop_ops ops = {timer_start, timer_stop, want_turn_end};

	return (struct loop){.ops = &ops};
}
