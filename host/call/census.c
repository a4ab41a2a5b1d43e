/*
 * Sorted by route, equal ones stand in a row; a route belongs to one generation. Called for
 * `socklet status` and once a reload, so nothing is counted beforehand. SPDX-License-Identifier:
 * MIT
 */
#include "call/census.h"

#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/host_state.h"
#include "call/session_move.h"

struct sessions {
	const struct sl_conn **items;
	size_t count;
};

static void add_session(struct sl_conn *conn, void *context)
{
	struct sessions *sessions = context;

	sessions->items[sessions->count++] = conn;
}

static int compare(const void *a, const void *b)
{
	const struct route *x = (*(const struct sl_conn *const *)a)->route;
	const struct route *y = (*(const struct sl_conn *const *)b)->route;

	if (x->generation->number != y->generation->number)
		return x->generation->number < y->generation->number ? -1 : 1;
	return (x > y) - (x < y);
}

static struct census_row row_of(const struct sl_conn *conn)
{
	const struct route *serving = session_move_route(conn);

	return (struct census_row){
		.generation = conn->route->generation->number,
		.path = conn->route->conf->path.text,
		.plugin = conn->route->plugin->name,
		.version = image_version(conn->route->plugin->image),
		.is_left = serving == NULL || serving->plugin != conn->route->plugin,
	};
}

static void add_rtt(struct census_row *row, const struct sl_conn *conn)
{
	struct transport_rtt rtt = {0};

	if (conn->transport != NULL)
		rtt = transport_ops(conn->transport)->rtt(conn->transport);
	row->measured += rtt.smoothed_us != 0;
	row->rtt_us += rtt.smoothed_us;
}

void census_take(struct census *out, const struct host *host)
{
	struct sessions sessions = {0};
	const struct route *last = NULL;

	sessions.items = xcalloc(host->sessions.count + 1, sizeof(const struct sl_conn *));
	session_table_each(&host->sessions, add_session, &sessions);
	qsort(sessions.items, sessions.count, sizeof(const struct sl_conn *), compare);
	*out = (struct census){xcalloc(sessions.count + 1, sizeof(*out->rows)), 0};
	for (size_t i = 0; i < sessions.count; i++) {
		const struct sl_conn *conn = sessions.items[i];
		struct census_row *row;

		if (conn->route != last)
			out->rows[out->count++] = row_of(conn);
		last = conn->route;
		row = &out->rows[out->count - 1];
		row->sessions++;
		row->moved += conn->has_moved;
		row->draining += conn->extra->drain != NULL;
		add_rtt(row, conn);
	}
	free(sessions.items);
}

void census_fini(struct census *census)
{
	free(census->rows);
	memset(census, 0, sizeof(*census));
}

void topics_census_take(struct topics_census *out, const struct host *host)
{
	const struct fan_out *fan_out = &host->fan_out;

	*out = (struct topics_census){
		.filters = fan_out->tree.filter_count,
		.subscriptions = fan_out->tree.count,
		.queue_bytes = fan_out->bytes,
		.published = fan_out->counts.published,
		.refused = fan_out->counts.refused,
		.received = fan_out->counts.received,
		.delivered = fan_out->counts.delivered,
		.lost = fan_out->counts.lost,
	};
}
