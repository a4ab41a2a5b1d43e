/*
 * Order matters: everything that can fail happens before the swap, nothing that can fail behind
 * it. Called by daemon.c in a signal event, so no plugin code is on the stack.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "daemon/load.h"

/* ---- listeners -------------------------------------------------------------------------- */

static struct daemon_listener *find_listener(struct daemon *daemon, const char *address)
{
	for (size_t i = 0; i < daemon->listener_count; i++)
		if (strcmp(daemon->listeners[i].address, address) == 0)
			return &daemon->listeners[i];
	return NULL;
}

static void want_listener(
	struct daemon *daemon, const struct listen_conf *conf, struct err_list *why)
{
	struct daemon_listener *known = find_listener(daemon, conf->address.text);
	struct listener *opened;
	struct err err;

	if (known != NULL) {
		known->is_wanted = true;
		return;
	}
	opened = worker_listen(daemon->worker, conf->host, conf->port, &err);
	if (opened == NULL) {
		err_list_add(why, conf->address.place, "%s", err.text);
		return;
	}
	daemon->listeners = xrealloc(
		daemon->listeners, (daemon->listener_count + 1) * sizeof(*daemon->listeners));
	daemon->listeners[daemon->listener_count++] = (struct daemon_listener){
		xstrdup(conf->address.text), opened, true};
}

/* What --listen says replaces what the file says. */
static void want_listeners(struct daemon *daemon, const struct config *config, struct err_list *why)
{
	const struct options *options = daemon->options;
	struct arena arena = {0};

	for (size_t i = 0; i < options->listen_count; i++) {
		struct conf_text text = {options->listens[i], {"--listen", 0, 0}};
		struct listen_conf conf = {0};

		if (listen_conf_parse(&conf, text, &arena, why))
			want_listener(daemon, &conf, why);
	}
	for (size_t i = 0; options->listen_count == 0 && i < config->listen_count; i++)
		want_listener(daemon, &config->listens[i], why);
	arena_fini(&arena);
}

/* Closes those from index `from` on that are not wanted. */
static void drop_unwanted(struct daemon *daemon, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < daemon->listener_count; i++) {
		struct daemon_listener *listener = &daemon->listeners[i];

		if (listener->is_wanted) {
			daemon->listeners[kept++] = *listener;
			continue;
		}
		worker_unlisten(daemon->worker, listener->listener);
		free(listener->address);
	}
	daemon->listener_count = kept;
}

static void unwant(struct daemon *daemon, size_t from)
{
	for (size_t i = from; i < daemon->listener_count; i++)
		daemon->listeners[i].is_wanted = false;
}

/* ---- the load --------------------------------------------------------------------------- */

/* One line for each plugin whose code or options are new; before the swap. */
static void log_plugins(const struct generation *next)
{
	for (size_t i = 0; i < next->plugins.count; i++) {
		const struct sl_plugin *plugin = next->plugins.plugins[i];

		/* Shared with the generation before: nothing changed for it. */
		if (plugin->refs == 1)
			log_info("reload: plugin %s: version %u serves new connections",
				plugin->name, image_version(plugin->image));
	}
}

bool reload_load(struct daemon *daemon, struct err_list *why)
{
	size_t old_count = daemon->listener_count;
	struct generation *next = load_generation(
		daemon->host, daemon->options->file, LOAD_TO_SERVE, why);

	if (next == NULL)
		return false;
	unwant(daemon, 0);
	want_listeners(daemon, &next->config, why);
	if (why->count > 0) {
		unwant(daemon, old_count);
		drop_unwanted(daemon, old_count);
		generation_unref(next);
		return false;
	}
	worker_set_handshake_ms(daemon->worker, next->config.limits.handshake_ms);
	if (host_generation(daemon->host) != NULL)
		log_plugins(next);
	host_swap(daemon->host, next);
	drop_unwanted(daemon, 0);
	return true;
}

static void log_reasons(const struct err_list *why)
{
	struct arena arena = {0};

	for (size_t i = 0; i < why->count; i++)
		log_error("%s", complaint_line(&why->items[i], &arena));
	arena_fini(&arena);
}

void reload_run(struct daemon *daemon)
{
	struct err_list why = {0};
	const struct generation *now;

	if (reload_load(daemon, &why)) {
		now = host_generation(daemon->host);
		log_info("reload: done, generation %u serves %zu routes with %zu plugins",
			now->number, now->route_count, now->plugins.count);
	} else {
		log_reasons(&why);
		now = host_generation(daemon->host);
		log_error("reload: refused, %zu mistake%s; generation %u serves on", why.count,
			why.count == 1 ? "" : "s", now->number);
	}
	err_list_fini(&why);
}
