/*
 * A repeating timer is armed anew before it fires, from the time it was due: it does not drift,
 * and firing is the last thing that touches it, so that it may be stopped from inside.
 * SPDX-License-Identifier: MIT
 */
#include "net/loop_timer.h"

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/xalloc.h"

#define LOOP_TIMER_MAGIC 0x74696d72u
#define LONGEST_MS       ((uint64_t)1 << 40) /* 34 years: sums stay clear of overflow */

struct loop_timer {
	unsigned magic;
	struct event event;
	uint64_t due_ms, repeat_ms;
	void (*fire)(void *arg);
	void *arg;
};

static uint64_t bounded(uint64_t ms)
{
	return ms < LONGEST_MS ? ms : LONGEST_MS;
}

static void arm(struct loop_timer *timer, uint64_t now_ms)
{
	uint64_t delay_ms = timer->due_ms > now_ms ? timer->due_ms - now_ms : 0;
	struct timeval delay = clock_timeval(delay_ms);

	event_add(&timer->event, &delay);
}

static void loop_timer_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	assert(timer->magic == LOOP_TIMER_MAGIC);
	if (timer->repeat_ms > 0) {
		uint64_t now_ms = clock_ms();

		timer->due_ms += timer->repeat_ms;
		/* Rounds that a busy loop has missed are not made up for. */
		if (timer->due_ms <= now_ms)
			timer->due_ms = now_ms + timer->repeat_ms;
		arm(timer, now_ms);
	}
	timer->fire(timer->arg);
}

struct loop_timer *loop_timer_start(struct loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
	void (*fire)(void *arg), void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));
	uint64_t now_ms = clock_ms();

	timer->magic = LOOP_TIMER_MAGIC;
	timer->due_ms = now_ms + bounded(delay_ms);
	timer->repeat_ms = bounded(repeat_ms);
	timer->fire = fire;
	timer->arg = arg;
	event_assign(&timer->event, loop->base, -1, 0, loop_timer_on_event, timer);
	arm(timer, now_ms);
	return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
	assert(timer->magic == LOOP_TIMER_MAGIC);
	event_del(&timer->event);
	timer->magic = 0;
	free(timer);
}
