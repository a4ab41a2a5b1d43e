/*
 * The list `routes`: what each item may hold, and what it may not hold together.
 * Knows no plugin and no pattern; generation compares them. Called by config.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/route_conf.h"

#include <string.h>

#include "config/compression_conf.h"
#include "config/inject_conf.h"
#include "config/keys.h"
#include "config/limits_conf.h"
#include "config/provider_conf.h"
#include "config/web_conf.h"
#include "wire/http_head.h"

static void read_path(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (!section_expect(reader, key->name, node, TREE_TEXT, "a path such as /ws"))
		return;
	if (node->text[0] == '/')
		read_text(reader, key, node, base);
	else
		err_list_add(reader->why, node->place,
			"path: found %s, wanted a path: write a '/' at its start",
			yaml_tree_found(node, reader->arena));
}

static void read_reject(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {[REJECT_HTTP] = "http", [REJECT_CLOSE] = "close", NULL};
	struct route_conf *route = base;
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "http or close"))
		return;
	i = section_choose(reader, node->place, "reject", node->text, names);
	if (names[i] != NULL)
		route->reject = (enum reject_conf)i;
}

static bool is_method(const char *text)
{
	return http_is_token(span_of(text)) && strlen(text) <= HTTP_METHOD_MAX &&
	       strcmp(text, "CONNECT") != 0;
}

static void read_methods(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct route_conf *route = base;
	const char **texts;

	if (!section_expect(reader, key->name, node, TREE_LIST, "a list such as [GET, POST]"))
		return;
	texts = arena_alloc(reader->arena, (node->count + 1) * sizeof(*texts));
	route->methods = texts;
	route->methods_place = node->key_place;
	if (node->count == 0)
		err_list_add(reader->why, node->place,
			"methods: found an empty list: name one, such as POST, or take it away");
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next) {
		if (!section_expect(reader, key->name, child, TREE_TEXT, "a method such as POST"))
			continue;
		*texts = child->text;
		if (is_method(*texts++))
			continue;
		err_list_add(reader->why, child->place,
			"methods: found %s, wanted an HTTP method such as GET or POST",
			yaml_tree_found(child, reader->arena));
	}
}

static void read_strict_source(
	struct reader *reader, const struct yaml_tree *node, struct strict_conf *strict)
{
	static const char *const names[] = {"query", "cookie", NULL};
	size_t i;

	if (!section_expect(reader, "strict", node, TREE_TEXT, "query or cookie"))
		return;
	i = section_choose(reader, node->place, "source", node->text, names);
	strict->query |= i == 0;
	strict->cookie |= i == 1;
}

void read_strict(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct strict_conf *strict = section_member(key, base);
	struct value_error ignored;
	union value value;

	*strict = (struct strict_conf){false, false};
	if (node->kind == TREE_LIST) {
		for (const struct yaml_tree *child = node->first; child != NULL;
			child = child->next)
			read_strict_source(reader, child, strict);
	} else if (node->kind == TREE_TEXT &&
		   value_parse(VALUE_BOOL, span_of(node->text), reader->arena, &value, &ignored)) {
		*strict = (struct strict_conf){value.truth, value.truth};
	} else if (section_expect(reader, "strict", node, TREE_TEXT,
			   "true, false or a list such as [query, cookie]")) {
		read_strict_source(reader, node, strict);
	}
}

static void read_route_inject(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct route_conf *route = base;

	(void)key;
	inject_conf_read(reader, node, &route->inject, &route->inject_count);
}

static void read_option(
	struct reader *reader, const struct yaml_tree *node, struct option_conf *option)
{
	struct key key = {.name = node->key};

	option->name = (struct conf_text){node->key, node->key_place};
	if (section_is_identifier(node->key) && node->kind == TREE_LIST)
		section_read_list(reader, node->key, node, &option->items);
	else if (section_is_identifier(node->key))
		read_any_text(reader, &key, node, &option->value);
	else if (node->kind != TREE_UNUSABLE)
		err_list_add(reader->why, node->key_place,
			"options: found the name %s, wanted that of an option of the plugin: "
			"letters, digits and '_'",
			yaml_tree_quote(node->key, reader->arena));
}

void route_conf_read_options(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct option_conf **options, size_t *count)
{
	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping of the plugin's options, such as {room: lobby}"))
		return;
	*options = arena_alloc(reader->arena, node->count * sizeof(**options));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next)
		read_option(reader, child, &(*options)[(*count)++]);
}

static void read_route_options(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct route_conf *route = base;

	route_conf_read_options(reader, key, node, &route->options, &route->option_count);
}

#define ROW(...) SECTION_ROW(struct route_conf, __VA_ARGS__)
static const struct key route_keys[] = {ROUTE_KEYS(ROW)};
#undef ROW
static const struct section route_section = SECTION("in a route", route_keys);

static const char *const kind_names[] = {[ROUTE_PLUGIN] = "plugin",
	[ROUTE_FILE] = "file",
	[ROUTE_DIR] = "dir",
	[ROUTE_REDIRECT] = "redirect"};

const char *route_conf_target(const struct route_conf *conf)
{
	const struct conf_text *targets[] = {[ROUTE_PLUGIN] = &conf->plugin,
		[ROUTE_FILE] = &conf->file_or_dir,
		[ROUTE_DIR] = &conf->file_or_dir,
		[ROUTE_REDIRECT] = &conf->redirect.to};

	return targets[conf->kind]->text;
}

const char *route_conf_kind_name(enum route_kind kind)
{
	return kind_names[kind];
}

/* Sets the kind; a route serves exactly one thing. False when it serves none. */
static bool find_route_kind(
	struct reader *reader, const struct yaml_tree *node, struct route_conf *route)
{
	const char *first = NULL;

	for (int kind = ROUTE_PLUGIN; kind <= ROUTE_REDIRECT; kind++) {
		const struct yaml_tree *given = yaml_tree_get(node, kind_names[kind]);

		if (given != NULL && first != NULL)
			err_list_add(reader->why, given->key_place,
				"found %s and %s in one route: take one of them away, or make two "
				"routes",
				first, kind_names[kind]);
		if (given == NULL || first != NULL)
			continue;
		first = kind_names[kind];
		route->kind = (enum route_kind)kind;
	}
	return first != NULL;
}

static void complain_of_missing(struct reader *reader, const struct yaml_tree *node, bool has_kind)
{
	if (!has_kind)
		err_list_add(reader->why, node->place,
			"found a route without plugin, file, dir or redirect: add one of them");
	if (yaml_tree_get(node, "path") == NULL)
		err_list_add(reader->why, node->place,
			"found a route without path: add it, such as \"path: /ws\"");
}

enum {
	WITH_PLUGIN = 1 << ROUTE_PLUGIN,
	WITH_FILES = 1 << ROUTE_FILE | 1 << ROUTE_DIR,
	WITH_REDIRECT = 1 << ROUTE_REDIRECT
};

/* Which kinds of route can make use of a key; all others are for every kind. */
static const struct {
	const char *name;
	int kinds;
} narrow_keys[] = {
	{"inject", WITH_PLUGIN},
	{"providers", WITH_PLUGIN},
	{"options", WITH_PLUGIN},
	{"methods", WITH_PLUGIN},
	{"reject", WITH_PLUGIN},
	{"strict", WITH_PLUGIN},
	{"limits", WITH_PLUGIN},
	{"ping", WITH_PLUGIN},
	{"compression", WITH_PLUGIN},
	{"drain", WITH_PLUGIN},
	{"origins", WITH_PLUGIN},
	{"subprotocols", WITH_PLUGIN},
	{"require_subprotocol", WITH_PLUGIN},
	{"cache_control", WITH_FILES},
	{"status", WITH_REDIRECT},
};

static const char *user_of(int kinds)
{
	return kinds == WITH_PLUGIN ? "plugin" : kinds == WITH_FILES ? "file" : "redirect";
}

static void check_narrow_keys(
	struct reader *reader, const struct yaml_tree *node, const struct route_conf *route)
{
	for (size_t i = 0; i < sizeof(narrow_keys) / sizeof(narrow_keys[0]); i++) {
		const struct yaml_tree *given = yaml_tree_get(node, narrow_keys[i].name);

		if (given != NULL && (narrow_keys[i].kinds & 1 << route->kind) == 0)
			err_list_add(reader->why, given->key_place,
				"found %s in a route with %s, where no %s could use it: take "
				"it away",
				narrow_keys[i].name, kind_names[route->kind],
				user_of(narrow_keys[i].kinds));
	}
}

static void read_route(
	struct reader *reader, const struct yaml_tree *node, struct route_conf *route)
{
	bool all_known, has_kind;

	section_defaults(reader, &route_section, route);
	route->limits = reader->config->limits;
	route->ping = reader->config->ping;
	route->compression = reader->config->compression;
	route->drain = reader->config->drain;
	route->strict = reader->config->strict;
	route->web = reader->config->web;
	if (!section_expect(
		    reader, "route", node, TREE_MAP, "a mapping such as {path: /ws, plugin: echo}"))
		return;
	all_known = section_read(reader, &route_section, node, route);
	has_kind = find_route_kind(reader, node, route);
	check_narrow_keys(reader, node, route);
	if (all_known)
		complain_of_missing(reader, node, has_kind);
}

void read_routes(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct config *config = base;

	if (!section_expect(reader, key->name, node, TREE_LIST,
		    "a list, each item beginning with \"- path: ...\""))
		return;
	if (node->count == 0)
		err_list_add(reader->why, node->place,
			"routes: found an empty list: add a route, such as {path: /ws, plugin: "
			"echo}");
	config->routes = arena_alloc(reader->arena, node->count * sizeof(*config->routes));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next)
		read_route(reader, child, &config->routes[config->route_count++]);
}
