/*
 * Plugin timers: each belongs to a connection or a plugin and ends with it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TIMER_H
#define SOCKLET_CALL_TIMER_H

#include <stdint.h>

#include "call/loop.h"
#include "plugin/plugin.h"

struct sl_timer *timer_new_conn(struct loop *loop, struct sl_conn *conn, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_conn *, void *), void *data);
struct sl_timer *timer_new_plugin(struct loop *loop, struct sl_plugin *plugin, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_plugin *, void *), void *data);
/* Also from inside its own fire. */
void timer_cancel(struct sl_timer *timer);
void timer_cancel_all(struct timer_list *list);

#endif
