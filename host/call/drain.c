/*
 * One timer a session that is to be closed, spread by chance, so that their peers do not all come
 * back at once. Whether it is still left behind is looked at when its time has come. A plain
 * request is not closed before its answer has begun: it ends soon by itself. Called by
 * session_move.c, session.c and host.c. SPDX-License-Identifier: MIT
 */
#include "call/drain.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/session_move.h"

enum { CODE_GOING_AWAY = 1001, CODE_RESTART = 1012 };

static void start(struct sl_conn *conn, uint64_t after_ms, uint64_t spread_ms, void (*fire)(void *))
{
	struct loop *loop = session_host(conn)->loop;
	uint32_t bound = spread_ms >= UINT32_MAX ? UINT32_MAX : (uint32_t)spread_ms + 1;

	assert(conn->extra->drain == NULL && conn->phase != SESSION_ENDED);
	session_extra(conn)->drain = loop->ops->timer_start(
		loop, after_ms + arc4random_uniform(bound), 0, fire, conn);
}

static void retired_on_timer(void *arg)
{
	struct sl_conn *conn = arg;
	const struct route *route = session_move_route(conn);

	drain_cancel(conn);
	/* It could not move, but a later reload has brought its own plugin back. */
	if (route != NULL && route->plugin == conn->route->plugin)
		return;
	log_debug("%s: drained, its version is no longer served", session_label(conn));
	session_stop(conn, route == NULL ? CODE_GOING_AWAY : CODE_RESTART, "");
}

static const struct drain_conf *drain_of(const struct sl_conn *conn, const struct route *route)
{
	return &(route == NULL ? conn->route : route)->conf->drain;
}

void drain_retired(struct sl_conn *conn)
{
	const struct route *route = session_move_route(conn);
	const struct drain_conf *drain = drain_of(conn, route);

	if (conn->extra->drain != NULL || conn->phase == SESSION_ENDED ||
		drain->after_ms == CONFIG_NEVER)
		return;
	if (exchange_is_open(conn))
		return;
	if (route == NULL || route->plugin != conn->route->plugin)
		start(conn, drain->after_ms, drain->spread_ms, retired_on_timer);
}

static void stopping_on_timer(void *arg)
{
	session_stop(arg, CODE_RESTART, "");
}

void drain_stop(struct sl_conn *conn, uint64_t spread_ms)
{
	if (conn->phase == SESSION_ENDED || exchange_is_open(conn))
		return;
	drain_cancel(conn);
	if (spread_ms == 0)
		session_stop(conn, CODE_RESTART, "");
	else
		start(conn, 0, spread_ms, stopping_on_timer);
}

void drain_leave(struct sl_conn *conn)
{
	const struct drain_conf *drain = drain_of(conn, session_move_route(conn));

	if (conn->phase == SESSION_ENDED || drain->after_ms == CONFIG_NEVER)
		return;
	if (exchange_is_open(conn))
		return;
	drain_cancel(conn);
	start(conn, drain->after_ms, drain->spread_ms, stopping_on_timer);
}

void drain_cancel(struct sl_conn *conn)
{
	if (conn->extra->drain == NULL)
		return;
	session_host(conn)->loop->ops->timer_stop(conn->extra->drain);
	session_extra(conn)->drain = NULL;
}
