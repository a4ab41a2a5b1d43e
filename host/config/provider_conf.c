/*
 * The mappings `providers` and `overrides`, and the list of those attached to a route. Knows no
 * plugin; generation and plan compare them. Called by config.c and route_conf.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/provider_conf.h"

#include <string.h>

#include "config/inject_conf.h"
#include "config/keys.h"
#include "config/security_conf.h"
#include "config/security_keys.h"

static const char *plugin_name_advice(const char *name, struct arena *arena)
{
	size_t len = strlen(name);

	if (strchr(name, '/') != NULL)
		return "write only the name here, and the folder once, at \"plugins\"";
	if (len > 3 && !strcmp(name + len - 3, ".so"))
		return arena_printf(arena, "leave the .so out: %s",
			yaml_tree_quote(arena_text(arena, name, len - 3), arena));
	return "it is that of the .so file, which may have to be renamed";
}

void read_plugin(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (!section_expect(reader, key->name, node, TREE_TEXT, "the name of a plugin"))
		return;
	if (node->text[0] != '\0' && node->text[strspn(node->text, letters)] == '\0')
		read_text(reader, key, node, base);
	else
		err_list_add(reader->why, node->place,
			"plugin: found %s, wanted a name of letters, digits, '_' and '-': %s",
			yaml_tree_found(node, reader->arena),
			plugin_name_advice(node->text, reader->arena));
}

static void read_provider_inject(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct provider_conf *provider = base;

	(void)key;
	inject_conf_read(reader, node, &provider->inject, &provider->inject_count);
}

static void read_scope(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {"connection", "handshake", "message", NULL};
	struct provider_conf *provider = base;

	if (section_expect(
		    reader, key->name, node, TREE_TEXT, "connection, handshake or message") &&
		names[section_choose(reader, node->place, "scope", node->text, names)] != NULL)
		provider->scope = (struct conf_text){node->text, node->place};
}

#define ROW(...) SECTION_ROW(struct provider_conf, __VA_ARGS__)
static const struct key provider_keys[] = {PROVIDER_KEYS(ROW) SECURITY_KEYS(ROW)};
#undef ROW
static const struct section provider_section = SECTION("of a provider", provider_keys);

/* Who is to be asked: exactly one. NULL when nobody is. */
static const char *find_provider_kind(struct reader *reader, const struct yaml_tree *node)
{
	static const char *const names[] = {
		"plugin", "api_key", "basic", "bearer", "oauth2", "jwt"};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct yaml_tree *given = yaml_tree_get(node, names[i]);

		if (given != NULL && first != NULL)
			err_list_add(reader->why, given->key_place,
				"found %s and %s in one provider: take one of them away, or make "
				"two providers",
				first, names[i]);
		if (given != NULL && first == NULL)
			first = names[i];
	}
	return first;
}

/* What only a function of a plugin has. */
static void refuse_plugin_keys(
	struct reader *reader, const struct yaml_tree *node, const char *kind)
{
	static const char *const names[] = {"function", "inject", "scope", "timeout"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct yaml_tree *given = yaml_tree_get(node, names[i]);

		if (given != NULL)
			err_list_add(reader->why, given->key_place,
				"found %s in a provider with %s, which is no function of a plugin: "
				"take it away",
				names[i], kind);
	}
}

static void read_provider(
	struct reader *reader, const struct yaml_tree *node, struct provider_conf *provider)
{
	const char *kind;
	bool all_known;

	provider->name = (struct conf_text){node->key, node->key_place};
	section_defaults(reader, &provider_section, provider);
	if (node->kind == TREE_UNUSABLE)
		return;
	if (!section_is_identifier(node->key))
		err_list_add(reader->why, node->key_place,
			"providers: found the name %s, wanted that of a plugin's provider: "
			"letters, digits and '_'",
			yaml_tree_quote(node->key, reader->arena));
	if (!section_expect(reader, "provider", node, TREE_MAP,
		    "a mapping such as {plugin: items, inject: {token: query}}"))
		return;
	all_known = section_read(reader, &provider_section, node, provider);
	kind = find_provider_kind(reader, node);
	if (kind == NULL && all_known)
		err_list_add(reader->why, node->key_place,
			"found a provider without plugin, api_key, basic, bearer, oauth2 or jwt: "
			"add one of them");
	if (kind != NULL && strcmp(kind, "plugin") != 0)
		refuse_plugin_keys(reader, node, kind);
}

static struct provider_conf *read_mapping(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, size_t *count)
{
	struct provider_conf *all;

	if (!section_expect(reader, key->name, node, TREE_MAP, "a mapping of names to providers"))
		return NULL;
	all = arena_alloc(reader->arena, (node->count + 1) * sizeof(*all));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next)
		read_provider(reader, child, &all[(*count)++]);
	return all;
}

void read_providers(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct config *config = base;

	config->providers = read_mapping(reader, key, node, &config->provider_count);
}

void read_overrides(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct config *config = base;

	config->overrides = read_mapping(reader, key, node, &config->override_count);
}

static bool replace(struct config *config, struct provider_conf with)
{
	for (size_t i = 0; i < config->provider_count; i++) {
		struct provider_conf *one = &config->providers[i];

		if (strcmp(one->name.text, with.name.text) != 0)
			continue;
		/* Where it is called is the other's to say. */
		with.all_routes = one->all_routes;
		with.is_override = true;
		*one = with;
		return true;
	}
	return false;
}

void provider_conf_override(struct reader *reader, struct config *config)
{
	const char **names = arena_alloc(
		reader->arena, (config->provider_count + 1) * sizeof(*names));

	for (size_t i = 0; i < config->provider_count; i++)
		names[i] = config->providers[i].name.text;
	for (size_t i = 0; i < config->override_count; i++) {
		const struct conf_text *name = &config->overrides[i].name;
		const char *near, *quoted = yaml_tree_quote(name->text, reader->arena);

		if (replace(config, config->overrides[i]))
			continue;
		near = err_nearest(name->text, names);
		if (near != NULL)
			err_list_add(reader->why, name->place,
				"unknown provider %s in overrides: did you mean %s?", quoted,
				yaml_tree_quote(near, reader->arena));
		else
			err_list_add(reader->why, name->place,
				"unknown provider %s in overrides: only what \"providers\" has can "
				"be replaced",
				quoted);
	}
}

#define ROW(...) SECTION_ROW(struct attached_conf, __VA_ARGS__)
static const struct key attached_keys[] = {ATTACHED_KEYS(ROW)};
#undef ROW
static const struct section attached_section = SECTION("of an attached provider", attached_keys);

static void read_one_attached(
	struct reader *reader, const struct yaml_tree *node, struct attached_conf *one)
{
	if (node->kind == TREE_MAP) {
		if (section_read(reader, &attached_section, node, one) &&
			yaml_tree_get(node, "name") == NULL)
			err_list_add(reader->why, node->place,
				"found an attached provider without name: add it");
	} else if (section_expect(reader, "providers", node, TREE_TEXT,
			   "the name of a provider, or {name: ..., scopes: [...]}")) {
		one->name = (struct conf_text){node->text, node->place};
	}
}

void read_attached(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct route_conf *route = base;

	if (!section_expect(reader, key->name, node, TREE_LIST, "a list of providers, such as [a]"))
		return;
	route->attached = arena_alloc(reader->arena, (node->count + 1) * sizeof(*route->attached));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next) {
		struct attached_conf *one = &route->attached[route->attached_count];

		read_one_attached(reader, child, one);
		if (one->name.text != NULL)
			route->attached_count++;
	}
}
