/*
 * A session moves when a message of it arrives, and if none does, when the sweep after a reload
 * comes to it. Its id, arguments, queue and peer stay; generation, route, limits and, by the
 * plugin's hand_over, code and state become the new ones. Whoever cannot move stays where it is,
 * and nobody notices. Called by session_message.c and host.c. SPDX-License-Identifier: MIT
 */
#include "call/session_move.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/drain.h"
#include "call/host_state.h"
#include "call/session_inject.h"

/* Sessions that a turn of the loop offers, so that those who talk need not wait for them. */
enum { SWEEP_BUCKETS = 256, SWEEP_MS = 1 };

/* ---- one session ------------------------------------------------------------------------ */

static bool has_path(const struct route *route, const char *path)
{
	return route->plugin != NULL && strcmp(route->conf->path.text, path) == 0;
}

const struct route *session_move_route(const struct sl_conn *conn)
{
	const struct generation *serving = session_host(conn)->generation;
	const char *path = conn->route->conf->path.text;
	size_t at = (size_t)(conn->route - conn->route->generation->routes);

	/* Most reloads do not change the order of the file. */
	if (at < serving->route_count && has_path(&serving->routes[at], path))
		return &serving->routes[at];
	for (size_t i = 0; i < serving->route_count; i++)
		if (has_path(&serving->routes[i], path))
			return &serving->routes[i];
	return NULL;
}

/* What was promised to the old code is still to come: it may be over when we look again. */
static bool is_busy(const struct sl_conn *conn)
{
	return !LIST_EMPTY(&conn->extra->timers) || conn->extra->jobs > 0;
}

/* Who provided a result has to release it. */
static bool keeps_providers(const struct sl_conn *conn, const struct route *route)
{
	if (conn->extra->injection == NULL)
		return route->plan.call_count == 1;
	return plan_is_alike(&conn->route->plan, &route->plan);
}

static bool fits(const struct sl_conn *conn, const struct route *route)
{
	if (!keeps_providers(conn, route))
		return false;
	if (route->plugin == conn->route->plugin)
		return true;
	if ((route->plugin->info.flags & SL_KEEP_REQUEST) != 0 && conn->extra->request == NULL)
		return false;
	return plugin_takes_over(route->plugin, conn->route->plugin);
}

/* True: the state is that of the new plugin, whose route it is to have. */
static bool hand_over(struct sl_conn *conn, const struct route *route)
{
	const struct route *before = conn->route;
	struct sl_plugin *old = before->plugin, *next = route->plugin;
	void *old_state = conn->state;
	int result;

	session_set_route(conn, route);
	conn->state = session_new_state(next);
	conn->is_moving = true;
	result = plugin_call_hand_over(next, conn, old, old_state, conn->state);
	conn->is_moving = false;
	session_set_route(conn, before);
	if (result == SL_OK) {
		free(old_state);
		conn->has_moved = true;
		return true;
	}
	log_debug("%s: stays with version %u of %s: hand_over returned %d", session_label(conn),
		old->version, old->name, result);
	timer_cancel_all(&session_extra(conn)->timers);
	free(conn->state);
	conn->state = old_state;
	return false;
}

static void change_generation(struct sl_conn *conn, const struct route *route)
{
	struct generation *old = conn->route->generation;

	inject_detach(&conn->route->plan, conn->args, &conn->arena);
	generation_ref(route->generation);
	session_set_route(conn, route);
	if (conn->extra->injection != NULL)
		conn->extra->injection->run.plan = &route->plan;
	drain_cancel(conn);
	generation_unref(old);
}

void session_move_try(struct sl_conn *conn)
{
	const struct generation *serving = session_host(conn)->generation;
	const struct route *route;
	bool is_same;

	if (conn->offered == serving->number)
		return;
	if (conn->phase != SESSION_OPEN || !conn->owes_disconnect || session_inject_is_busy(conn))
		return;
	route = session_move_route(conn);
	is_same = route != NULL && route->plugin == conn->route->plugin;
	if (!is_same && is_busy(conn))
		return;
	if (route == NULL || !fits(conn, route)) {
		conn->offered = serving->number;
		return;
	}
	if (!transport_ops(conn->transport)->set_limits(conn->transport, &route->limits))
		return;
	conn->offered = serving->number;
	if (is_same || hand_over(conn, route))
		change_generation(conn, route);
	else if (conn->phase == SESSION_OPEN)
		transport_ops(conn->transport)->set_limits(conn->transport, &conn->route->limits);
}

/* ---- all of them ------------------------------------------------------------------------ */

static void sweep_one(struct sl_conn *conn, void *context)
{
	(void)context;
	session_move(conn, session_host(conn)->generation);
	if (conn->route->generation != session_host(conn)->generation)
		drain_retired(conn);
}

/* A table that doubles meanwhile puts sessions of a bucket into that one and one further on. */
static void sweep_on_timer(void *arg)
{
	struct host *host = arg;
	const struct session_table *table = &host->sessions;

	for (int i = 0; i < SWEEP_BUCKETS && host->sweep_at < table->bucket_count; i++)
		session_table_each_in(table, host->sweep_at++, sweep_one, NULL);
	if (host->sweep_at >= table->bucket_count)
		session_move_stop(host);
}

void session_move_all(struct host *host)
{
	struct loop *loop = host->loop;

	host->sweep_at = 0;
	if (host->sessions.count > 0 && host->sweep == NULL)
		host->sweep = loop->ops->timer_start(
			loop, SWEEP_MS, SWEEP_MS, sweep_on_timer, host);
}

void session_move_stop(struct host *host)
{
	if (host->sweep != NULL)
		host->loop->ops->timer_stop(host->sweep);
	host->sweep = NULL;
}
