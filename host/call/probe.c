/*
 * One child per plugin, which opens it and asks for its descriptor. SPDX-License-Identifier: MIT
 */
#include "call/probe.h"

#include <string.h>

#include "call/child.h"
#include "call/generation.h"

struct probe {
	const struct config *config;
	struct image_store *images;
	const struct sl_host *functions;
	struct err_list *why;
	const struct conf_text *plugin; /* the one to open */
};

/* A plugin that is merely wrong is alive. */
static unsigned char open_plugin(void *context)
{
	const struct probe *probe = context;
	struct err_list why = {0};

	plugin_load(probe->images, probe->config->plugins_dir.text, probe->plugin->text,
		probe->functions, probe->plugin->place, &why);
	return 0;
}

static bool probe_one(struct probe *probe, const struct conf_text *plugin)
{
	struct arena arena = {0};
	struct child_end end;

	probe->plugin = plugin;
	end = child_run(open_plugin, probe);
	if (end.how != CHILD_DONE)
		err_list_add(probe->why, plugin->place, "opening plugin \"%s\" %s%s", plugin->text,
			child_end_text(&end, &arena),
			end.how == CHILD_EXITED        ? "; a constructor must not call exit"
			: end.how == CHILD_NOT_STARTED ? ""
						       : "; look at its constructors");
	arena_fini(&arena);
	return end.how == CHILD_DONE;
}

/* Whether it was named, and not before. */
static bool is_first(const struct conf_text *const *named, size_t i)
{
	if (named[i]->text == NULL)
		return false;
	for (size_t j = 0; j < i; j++)
		if (named[j]->text != NULL && strcmp(named[j]->text, named[i]->text) == 0)
			return false;
	return true;
}

static bool probe_all(struct probe *probe)
{
	const struct config *config = probe->config;
	size_t count = 0, most = config->route_count + config->provider_count + 1;
	struct arena arena = {0};
	const struct conf_text **named = arena_alloc(&arena, (most + 1) * sizeof(*named));
	bool fine = true;

	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].kind == ROUTE_PLUGIN)
			named[count++] = &config->routes[i].plugin;
	for (size_t i = 0; i < config->provider_count; i++)
		named[count++] = &config->providers[i].plugin;
	named[count++] = &config->bus.driver;
	for (size_t i = 0; i < count; i++)
		if (is_first(named, i) && !probe_one(probe, named[i]))
			fine = false;
	arena_fini(&arena);
	return fine;
}

bool probe_plugins(const struct config *config, struct host *host, struct err_list *why)
{
	struct probe probe = {
		.config = config,
		.images = host_images(host),
		.functions = host_functions(host),
		.why = why,
	};

	return config->plugins_dir.text == NULL || probe_all(&probe);
}
