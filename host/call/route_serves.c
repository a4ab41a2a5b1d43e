/*
 * Asks the plugin's callbacks, and `methods` of the route. SPDX-License-Identifier: MIT
 */
#include "call/route_serves.h"

#include <string.h>

bool route_serves_websocket(const struct route *route)
{
	const struct sl_plugin *plugin = route->plugin;

	/* Of one that is not loaded it is the likelier. */
	return route->conf->kind == ROUTE_PLUGIN &&
	       (plugin == NULL || plugin->info.connect != NULL || plugin->info.message != NULL);
}

bool route_serves_http(const struct route *route)
{
	return route->conf->kind != ROUTE_PLUGIN ||
	       (route->plugin != NULL && route->plugin->info.request != NULL);
}

static void add_method(struct buf *list, const char *method)
{
	buf_printf(list, "%s%s", list->len > 0 ? ", " : "", method);
}

void route_serves_find_methods(struct route *route, struct arena *arena, struct err_list *why)
{
	const char *const *methods = route->conf->methods;
	bool wants_options = false;
	struct buf list = {0};

	if (methods == NULL)
		return;
	if (route->plugin != NULL && route->plugin->info.request == NULL)
		err_list_add(why, route->conf->methods_place,
			"found methods, but plugin %s has no request callback: take it away",
			route->plugin->name);
	for (; *methods != NULL; methods++) {
		add_method(&list, *methods);
		route->takes_head |= strcmp(*methods, "GET") == 0;
		route->wants_head |= strcmp(*methods, "HEAD") == 0;
		wants_options |= strcmp(*methods, "OPTIONS") == 0;
	}
	if (route->takes_head && !route->wants_head)
		add_method(&list, "HEAD");
	if (!wants_options)
		add_method(&list, "OPTIONS");
	route->allow = arena_text(arena, list.data, list.len);
	buf_fini(&list);
}
