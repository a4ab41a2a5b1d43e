/*
 * Checks across sections: every provider that is asked for exists, none needs itself, and the
 * folder of the plugins is known if one is named. Knows no YAML. Called by config.c when all is
 * read, also when there were complaints. SPDX-License-Identifier: MIT
 */
#include "config/config_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/yaml_tree.h"

/* A walk from provider to provider. */
struct walk {
	const struct config *config;
	struct arena *arena;
	struct err_list *why;
	bool *is_done;                           /* one a provider */
	size_t chain[CONFIG_PROVIDER_DEPTH_MAX]; /* from where the walk began, to here */
	size_t depth;
};

static struct conf_text provider_wanted(const struct inject_conf *field)
{
	return field->alias.text != NULL ? field->alias : field->field;
}

/* Index of the provider, or provider_count. */
static size_t find_provider(const struct config *config, const char *name)
{
	size_t i = 0;

	while (i < config->provider_count && strcmp(config->providers[i].name.text, name) != 0)
		i++;
	return i;
}

static void complain_of_provider(const struct walk *walk, struct conf_text wanted)
{
	const struct config *config = walk->config;
	const char **names = xcalloc(config->provider_count + 1, sizeof(const char *)), *near;
	const char *quoted = yaml_tree_quote(wanted.text, walk->arena);

	for (size_t i = 0; i < config->provider_count; i++)
		names[i] = config->providers[i].name.text;
	near = err_nearest(wanted.text, names);
	if (near != NULL)
		err_list_add(walk->why, wanted.place, "unknown provider %s: did you mean %s?",
			quoted, yaml_tree_quote(near, walk->arena));
	else
		err_list_add(walk->why, wanted.place,
			"unknown provider %s: add it to \"providers\", or name another one with "
			"\"alias\"",
			quoted);
	free(names);
}

static void check_fields(const struct walk *walk, const struct inject_conf *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct conf_text wanted = provider_wanted(&fields[i]);

		if (fields[i].from == CONF_FROM_PROVIDER &&
			find_provider(walk->config, wanted.text) == walk->config->provider_count)
			complain_of_provider(walk, wanted);
	}
}

/* "a -> b -> a", from the place in the chain where `again` stands. */
static void complain_of_circle(const struct walk *walk, size_t again)
{
	const struct provider_conf *providers = walk->config->providers;
	const char *first = yaml_tree_quote(providers[again].name.text, walk->arena);
	const char *text = first;
	size_t i = 0;

	while (walk->chain[i] != again)
		i++;
	while (++i < walk->depth)
		text = arena_printf(walk->arena, "%s -> %s", text,
			yaml_tree_quote(providers[walk->chain[i]].name.text, walk->arena));
	err_list_add(walk->why, providers[again].name.place,
		"providers need each other in a circle: %s -> %s: take one of them out", text,
		first);
}

static void visit(struct walk *walk, size_t index)
{
	const struct provider_conf *provider = &walk->config->providers[index];

	for (size_t i = 0; i < walk->depth; i++) {
		if (walk->chain[i] == index) {
			complain_of_circle(walk, index);
			return;
		}
	}
	if (walk->is_done[index])
		return;
	if (walk->depth == CONFIG_PROVIDER_DEPTH_MAX) {
		err_list_add(walk->why, provider->name.place,
			"the chain of providers to this one is longer than %d: join some of them",
			CONFIG_PROVIDER_DEPTH_MAX);
		return;
	}
	walk->chain[walk->depth++] = index;
	for (size_t i = 0; i < provider->inject_count; i++) {
		const struct inject_conf *field = &provider->inject[i];
		size_t needed;

		if (field->from != CONF_FROM_PROVIDER)
			continue;
		needed = find_provider(walk->config, provider_wanted(field).text);
		if (needed < walk->config->provider_count)
			visit(walk, needed);
	}
	walk->depth--;
	walk->is_done[index] = true;
}

static void check_plugins_dir(const struct config *config, struct err_list *why)
{
	const struct conf_text *named = NULL;

	for (size_t i = config->provider_count; i-- > 0;)
		if (config->providers[i].plugin.text != NULL)
			named = &config->providers[i].plugin;
	for (size_t i = config->route_count; i-- > 0;)
		if (config->routes[i].plugin.text != NULL)
			named = &config->routes[i].plugin;
	if (named != NULL && config->plugins_dir.text == NULL)
		err_list_add(why, named->place,
			"plugin \"%s\" is named, but not the folder of the plugins: add "
			"\"plugins: <folder of the .so files>\" at the top",
			named->text);
}

void config_check(const struct config *config, struct arena *arena, struct err_list *why)
{
	struct walk walk = {.config = config, .arena = arena, .why = why};

	check_plugins_dir(config, why);
	for (size_t i = 0; i < config->route_count; i++)
		check_fields(&walk, config->routes[i].inject, config->routes[i].inject_count);
	for (size_t i = 0; i < config->provider_count; i++)
		check_fields(&walk, config->providers[i].inject, config->providers[i].inject_count);
	walk.is_done = xcalloc(config->provider_count + 1, sizeof(bool));
	for (size_t i = 0; i < config->provider_count; i++)
		visit(&walk, i);
	free(walk.is_done);
}
