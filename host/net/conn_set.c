/*
 * Lists, and the one timer behind all deadlines. What is done with a connection is conn.c's.
 * SPDX-License-Identifier: MIT
 */
#include "net/conn_set.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/conn.h"
#include "net/tls_context.h"
#include "wire/ws_key.h"

/* ---- deadlines ------------------------------------------------------------------------------ */

static void arm(struct conn_set *set, uint64_t at_ms)
{
	uint64_t now_ms = clock_ms();
	struct timeval delay;

	set->sweep_at_ms = at_ms;
	if (at_ms == UINT64_MAX)
		return;
	delay = clock_timeval(at_ms > now_ms ? at_ms - now_ms : 0);
	event_add(&set->sweep, &delay);
}

static void conn_set_on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct conn_set *set = arg;

	(void)fd;
	(void)what;
	/* What becomes due meanwhile is armed once, below. */
	set->sweep_at_ms = 0;
	deadline_wheel_sweep(&set->wheel, clock_ms(), conn_on_due);
	arm(set, deadline_wheel_next(&set->wheel));
}

void conn_set_schedule(struct conn_set *set, struct deadline *deadline, uint64_t due_ms)
{
	deadline_set(&set->wheel, deadline, due_ms);
	if (due_ms < set->sweep_at_ms)
		arm(set, due_ms);
}

/* ---- lists --------------------------------------------------------------------------------- */

enum { LIST_KEPT = 1024 }; /* what a list has room for when it is empty, at most */

void conn_list_grow(struct conn_list *list)
{
	list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
	list->items = xrealloc(list->items, list->capacity * sizeof(*list->items));
}

static void conn_list_clear(struct conn_list *list)
{
	list->count = 0;
	if (list->capacity <= LIST_KEPT)
		return;
	free(list->items);
	*list = (struct conn_list){0};
}

/* ---- life ----------------------------------------------------------------------------------- */

bool conn_set_init(struct conn_set *set, struct event_base *base)
{
	memset(set, 0, sizeof(*set));
	set->receive = xmalloc(CONN_RECEIVE_BYTES);
	slab_init(&set->conns, sizeof(struct conn));
	TAILQ_INIT(&set->waiting);
	set->head_limits = http_limits_default;
	set->sha1 = ws_accept_new();
	deadline_wheel_init(&set->wheel, clock_ms());
	event_assign(&set->sweep, base, -1, 0, conn_set_on_sweep, set);
	set->sweep_at_ms = UINT64_MAX;
	return poller_init(&set->poller, base, conn_on_ready);
}

void conn_set_fini(struct conn_set *set)
{
	assert(set->count == 0 && set->dead.count == 0);
	event_del(&set->sweep);
	poller_fini(&set->poller);
	outbox_pool_fini(&set->pool);
	tls_context_unref(set->tls);
	ws_deflate_shared_fini(&set->deflate);
	ws_accept_free(set->sha1);
	free(set->decoder);
	http_conn_free_spares(set);
	slab_fini(&set->conns);
	free(set->dirty.items);
	free(set->dead.items);
	free(set->receive);
}

void conn_set_settle(struct conn_set *set)
{
	/* Settling one may touch others, who come behind. */
	for (size_t i = 0; i < set->dirty.count; i++) {
		struct conn *conn = set->dirty.items[i];

		if (conn->is_dead) {
			conn_list_add(&set->dead, conn);
			continue;
		}
		conn->is_dirty = false;
		conn_settle(conn);
	}
	conn_list_clear(&set->dirty);
}

void conn_set_bury(struct conn_set *set)
{
	assert(set->dirty.count == 0 && set->reading == NULL);
	for (size_t i = 0; i < set->dead.count; i++)
		conn_free(set->dead.items[i]);
	conn_list_clear(&set->dead);
	ws_deflate_shared_trim(&set->deflate);
}

static void drop_if_idle(struct deadline *deadline, void *context)
{
	struct conn *conn = conn_of_deadline(deadline);

	(void)context;
	if (http_conn_is_idle(conn) || proxy_conn_is_waiting(conn))
		conn_drop(conn);
}

void conn_set_stop(struct conn_set *set)
{
	set->is_stopping = true;
	deadline_wheel_each(&set->wheel, drop_if_idle, NULL);
}

static void lose(struct deadline *deadline, void *context)
{
	(void)context;
	conn_lose(conn_of_deadline(deadline));
}

void conn_set_drop_all(struct conn_set *set)
{
	deadline_wheel_each(&set->wheel, lose, NULL);
	assert(set->count == 0);
}
