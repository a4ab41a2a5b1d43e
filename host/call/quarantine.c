/*
 * Who is in quarantine, the master decides; a worker that serves is told so here, one that starts
 * does not even load the plugin (generation.c). Connections that are open stay: what they run they
 * ran before. Called by host.c and worker_process.c. SPDX-License-Identifier: MIT
 */
#include "call/quarantine.h"

#include <string.h>

#include "base/err.h"
#include "call/detail.h"
#include "call/turn_away.h"

enum { RETRY_S = 30 };

static bool is_it(const struct sl_plugin *plugin, const char *name, unsigned version)
{
	return plugin != NULL && plugin->version == version && strcmp(plugin->name, name) == 0;
}

/* As the plugin that speaks, or with a provider. */
static bool has_part(const struct route *route, const char *name, unsigned version)
{
	if (is_it(route->plugin, name, version))
		return true;
	for (size_t i = 0; i < route->plan.call_count; i++) {
		const struct inject_provider *provider = route->plan.calls[i].provider;

		if (provider != NULL && is_it(provider->owner, name, version))
			return true;
	}
	return false;
}

void quarantine_begin(struct generation *generation, const char *plugin, unsigned version)
{
	for (size_t i = 0; i < generation->route_count; i++)
		if (has_part(&generation->routes[i], plugin, version))
			generation->routes[i].is_quarantined = true;
}

void quarantine_refuse(
	struct transport *transport, const struct route *route, struct request *request)
{
	struct err why;

	err_set(&why, ERR_UNAVAILABLE, "Service Unavailable");
	turn_away(transport, route, request, &why, RETRY_S);
}

void quarantine_reply(struct transport *transport)
{
	struct buf headers = {0};

	buf_printf(&headers, "Retry-After: %d\r\n", RETRY_S);
	detail_reply(
		transport, err_http_status(ERR_UNAVAILABLE), "Service Unavailable", &headers, true);
}
