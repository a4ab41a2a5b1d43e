/*
 * Finding a plugin costs a look at those already there; opening it, only what is new. The options
 * of a route are part of what a plugin is, as they are part of its state. Knows no route map and
 * no plan. Called by generation.c. SPDX-License-Identifier: MIT
 */
#include "call/plugin_set.h"

#include <string.h>

#include "base/xalloc.h"
#include "call/session.h"
#include "inject/inject.h"
#include "plugin/breadcrumb.h"

static int compare_options(const void *a, const void *b)
{
	const struct option_conf *x = a, *y = b;

	return strcmp(x->name.text, y->name.text);
}

/* Equal for equal options in any order; no option holds the separators, which are control bytes. */
static const char *options_key(struct arena *arena, const struct plugin_options *options)
{
	struct option_conf *sorted;
	const char *key = "";

	if (options->count == 0)
		return key;
	sorted = arena_alloc(arena, options->count * sizeof(*sorted));
	memcpy(sorted, options->items, options->count * sizeof(*sorted));
	qsort(sorted, options->count, sizeof(*sorted), compare_options);
	for (size_t i = 0; i < options->count; i++) {
		key = arena_printf(arena, "%s%s\x1f%s", key, sorted[i].name.text,
			sorted[i].value.text == NULL ? "" : sorted[i].value.text);
		for (size_t j = 0; j < sorted[i].items.count; j++)
			key = arena_printf(arena, "%s\x1d%s", key, sorted[i].items.items[j]);
		key = arena_printf(arena, "%s\x1e", key);
	}
	return key;
}

static bool fill_options(const struct plugin_source *from, struct sl_plugin *plugin,
	const struct plugin_options *given, const char *key, struct place place)
{
	struct inject_option *options;
	size_t count = given->count;
	const char *label = arena_printf(&plugin->arena, "options of plugin %s", plugin->name);

	plugin->options_key = arena_text(&plugin->arena, key, strlen(key));
	if (plugin->info.options == NULL) {
		if (count > 0)
			err_list_add(from->why, given->items[0].name.place,
				"plugin %s takes no options, but the route gives \"%s\"; remove "
				"`options`",
				plugin->name, given->items[0].name.text);
		return count == 0;
	}
	options = arena_alloc(from->arena, (count + 1) * sizeof(*options));
	for (size_t i = 0; i < count; i++) {
		options[i].name = given->items[i].name.text;
		options[i].value = given->items[i].value.text;
		options[i].items = (struct texts){
			given->items[i].items.items, given->items[i].items.count};
		if (options[i].value == NULL && options[i].items.items == NULL)
			return false; /* config_load complained of it */
		options[i].place = given->items[i].name.place;
	}
	return inject_options(plugin->info.options, options, count, label, place, &plugin->arena,
		&plugin->options, from->why);
}

static void keep(struct plugin_set *set, struct sl_plugin *plugin)
{
	set->plugins = xrealloc(set->plugins, (set->count + 1) * sizeof(struct sl_plugin *));
	set->plugins[set->count++] = plugin;
}

static struct sl_plugin *find(const struct plugin_set *set, const char *name, const char *key)
{
	for (size_t i = 0; i < set->count; i++) {
		struct sl_plugin *plugin = set->plugins[i];

		if (strcmp(plugin->name, name) == 0 && strcmp(plugin->options_key, key) == 0)
			return plugin;
	}
	return NULL;
}

static bool has_failed(const struct plugin_set *set, const char *name)
{
	for (size_t i = 0; i < set->failed_count; i++)
		if (strcmp(set->failed[i], name) == 0)
			return true;
	return false;
}

static void note_failed(struct plugin_set *set, const char *name)
{
	set->failed = xrealloc(set->failed, (set->failed_count + 1) * sizeof(const char *));
	set->failed[set->failed_count++] = name;
}

/* The same code with the same options serves on: its state and its connections stay. */
static struct sl_plugin *prefer_previous(const struct plugin_set *previous, struct sl_plugin *fresh)
{
	for (size_t i = 0; previous != NULL && i < previous->count; i++) {
		struct sl_plugin *old = previous->plugins[i];

		if (plugin_is_same(old, fresh)) {
			plugin_unref(fresh);
			return plugin_ref(old);
		}
	}
	return fresh;
}

struct sl_plugin *plugin_set_need(struct plugin_set *set, const struct plugin_source *from,
	const struct conf_text *named, const struct plugin_options *options)
{
	const char *key = options_key(from->arena, options);
	struct sl_plugin *plugin = find(set, named->text, key);

	if (plugin != NULL || from->dir == NULL || has_failed(set, named->text))
		return plugin;
	plugin = plugin_load(
		from->images, from->dir, named->text, from->host, named->place, from->why);
	if (plugin == NULL) {
		note_failed(set, named->text);
		return NULL;
	}
	if (!fill_options(from, plugin, options, key, named->place)) {
		plugin_unref(plugin);
		return NULL;
	}
	plugin = prefer_previous(from->previous, plugin);
	keep(set, plugin);
	return plugin;
}

void plugin_set_drop(struct plugin_set *set, struct sl_plugin *plugin)
{
	size_t i = 0;

	while (set->plugins[i] != plugin)
		i++;
	set->plugins[i] = set->plugins[--set->count];
	plugin_unref(plugin);
}

void plugin_set_fini(struct plugin_set *set)
{
	/* Paths of routes go with the generation, while plugins of it may serve on. */
	if (set->count > 0)
		breadcrumb_forget(set->plugins[0]->page);
	for (size_t i = 0; i < set->count; i++)
		plugin_unref(set->plugins[i]);
	free(set->plugins);
	free(set->failed);
	memset(set, 0, sizeof(*set));
}
