/*
 * Config, route maps, plans and plugins of one load, built whole and swapped whole: the single
 * place where they meet. Counted: the host holds the serving one, each session the one it was
 * born with. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_GENERATION_H
#define SOCKLET_CALL_GENERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "call/plugin_set.h"
#include "call/transport.h"
#include "config/config.h"
#include "inject/plan.h"
#include "route/route_map.h"
#include "wire/http_reply.h"
#include "wire/redirect.h"

struct host;

struct route {
	const char *path; /* first: reports of its connections find it there */
	const struct route_conf *conf;
	struct generation *generation;
	const char *label; /* "echo /ws": plugin and path, for log lines */
	struct pattern pattern;
	struct transport_limits limits;
	struct sl_plugin *plugin; /* ROUTE_PLUGIN */
	struct plan plan;         /* ROUTE_PLUGIN */
	int dir_fd;               /* ROUTE_DIR, else -1 */
	struct redirect redirect; /* ROUTE_REDIRECT */
	struct http_style style;  /* of its answers */
	const char *allow; /* of `methods`, for an Allow header; NULL: the plugin takes any */
	bool takes_head;   /* HEAD is answered by what answers GET: */
	bool wants_head;   /* or the plugin sees it */
	/* Refuses handshakes: its plugin, or a provider's, ended workers. Plugin or plan may miss.
	 */
	bool is_quarantined;
};

struct generation {
	unsigned magic;
	unsigned refs;
	struct host *host; /* whose it is */
	unsigned number;   /* the master's: the same in all workers */
	struct config config;
	struct arena arena;
	struct http_style style; /* of answers that no route gives */
	struct route *routes;    /* in the file's order */
	size_t route_count;
	struct inject_provider *providers;
	size_t provider_count;
	struct plugin_set plugins;
	struct secret_set *admin_tokens;    /* NULL: none is wanted */
	struct sl_plugin *bus;              /* of `plugins`; NULL: topics end at this host */
	struct route_map *http, *websocket; /* path to struct route */
};

struct generation_input {
	struct config *config; /* taken: emptied, also on failure */
	struct image_store *images;
	const struct sl_host *host;
	struct generation *previous; /* NULL at start; its unchanged plugins serve on */
	bool check_only;             /* do not call start */
	unsigned number;
	const char *const *quarantined; /* plugins that are not to be loaded: their routes refuse */
	size_t quarantined_count;
};

/*
 * Opens the plugins, checks every plan, starts what is new. NULL adds to `why` every complaint and
 * leaves nothing behind: plugins started on the way are stopped. One reference is the caller's.
 */
struct generation *generation_build(const struct generation_input *input, struct err_list *why);
struct generation *generation_ref(struct generation *generation);
/* Another generation's driver serves: this one's stops, also while sessions hold the generation. */
void generation_leave_bus(struct generation *generation);
/* The last one stops and unloads what no other generation uses. Only from the top of the loop. */
void generation_unref(struct generation *generation);

#endif
