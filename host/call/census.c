/*
 * Sorted by route, equal ones stand in a row; a route belongs to one generation. Called for
 * `socklet status` only, so nothing is counted beforehand. SPDX-License-Identifier: MIT
 */
#include "call/census.h"

#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/host_state.h"

struct routes {
	const struct route **items;
	size_t count;
};

static void add_route(struct sl_conn *conn, void *context)
{
	struct routes *routes = context;

	routes->items[routes->count++] = conn->route;
}

static int compare(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a;
	const struct route *y = *(const struct route *const *)b;

	if (x->generation->number != y->generation->number)
		return x->generation->number < y->generation->number ? -1 : 1;
	return (x > y) - (x < y);
}

static struct census_row row_of(const struct route *route)
{
	return (struct census_row){
		.generation = route->generation->number,
		.path = route->conf->path.text,
		.plugin = route->plugin->name,
		.version = image_version(route->plugin->image),
	};
}

void census_take(struct census *out, const struct host *host)
{
	struct routes routes = {0};
	const struct route *last = NULL;

	routes.items = xcalloc(host->sessions.count + 1, sizeof(const struct route *));
	session_table_each(&host->sessions, add_route, &routes);
	qsort(routes.items, routes.count, sizeof(const struct route *), compare);
	*out = (struct census){xcalloc(routes.count + 1, sizeof(*out->rows)), 0};
	for (size_t i = 0; i < routes.count; i++) {
		if (routes.items[i] != last)
			out->rows[out->count++] = row_of(routes.items[i]);
		last = routes.items[i];
		out->rows[out->count - 1].sessions++;
	}
	free(routes.items);
}

void census_fini(struct census *census)
{
	free(census->rows);
	memset(census, 0, sizeof(*census));
}
