/*
 * The owner's list holds every timer, so that its end cancels them all. A timer that fires for
 * the last time is freed before the callback, which may then do what it likes.
 * SPDX-License-Identifier: MIT
 */
#include "call/timer.h"

#include <assert.h>
#include <stddef.h>

#include "base/xalloc.h"
#include "call/session.h"

#define TIMER_MAGIC 0x54494d31u

struct sl_timer {
	unsigned magic;
	struct loop *loop;
	struct loop_timer *loop_timer;
	struct sl_conn *conn;     /* one of the two owners, */
	struct sl_plugin *plugin; /* the other is NULL */
	void (*fire_conn)(struct sl_conn *, void *);
	void (*fire_plugin)(struct sl_plugin *, void *);
	void *data;
	bool repeats;
	LIST_ENTRY(sl_timer) entry;
};

static void timer_on_loop(void *arg)
{
	struct sl_timer *timer = arg, now;

	assert(timer->magic == TIMER_MAGIC);
	now = *timer;
	if (!timer->repeats)
		timer_cancel(timer);
	if (now.conn != NULL)
		plugin_call_conn_timer(now.conn->route->plugin, now.conn, now.fire_conn, now.data);
	else
		plugin_call_timer(now.plugin, now.fire_plugin, now.data);
}

static struct sl_timer *timer_start(
	struct timer_list *list, struct sl_timer from, uint64_t delay_ms, uint64_t repeat_ms)
{
	struct sl_timer *timer = xmalloc(sizeof(*timer));

	*timer = from;
	timer->magic = TIMER_MAGIC;
	timer->repeats = repeat_ms > 0;
	LIST_INSERT_HEAD(list, timer, entry);
	timer->loop_timer = timer->loop->ops->timer_start(
		timer->loop, delay_ms, repeat_ms, timer_on_loop, timer);
	return timer;
}

struct sl_timer *timer_new_conn(struct loop *loop, struct sl_conn *conn, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_conn *, void *), void *data)
{
	struct sl_timer from = {.loop = loop, .conn = conn, .fire_conn = fire, .data = data};

	return timer_start(&session_extra(conn)->timers, from, delay_ms, repeat_ms);
}

static void cancel_plugin_timers(struct sl_plugin *plugin)
{
	timer_cancel_all(&plugin->timers);
}

struct sl_timer *timer_new_plugin(struct loop *loop, struct sl_plugin *plugin, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_plugin *, void *), void *data)
{
	struct sl_timer from = {.loop = loop, .plugin = plugin, .fire_plugin = fire, .data = data};

	plugin->end_timers = cancel_plugin_timers;
	return timer_start(&plugin->timers, from, delay_ms, repeat_ms);
}

void timer_cancel(struct sl_timer *timer)
{
	assert(timer->magic == TIMER_MAGIC);
	timer->magic = 0;
	LIST_REMOVE(timer, entry);
	timer->loop->ops->timer_stop(timer->loop_timer);
	free(timer);
}

void timer_cancel_all(struct timer_list *list)
{
	while (!LIST_EMPTY(list))
		timer_cancel(LIST_FIRST(list));
}
