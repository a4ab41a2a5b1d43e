/*
 * One field of `inject`: the short form `q: query` or the long one `q: {from: query, type: int}`.
 * Knows neither the plugin's fields nor the route's parameters; the injection plan compares them.
 * Called for routes and providers by config.c. SPDX-License-Identifier: MIT
 */
#include "config/inject_conf.h"

#include <string.h>

#include "config/keys.h"
#include "wire/value.h"

/* As in enum conf_source, from CONF_FROM_PATH on. */
static const char *const source_names[] = {
	"path", "query", "header", "cookie", "certificate", "provider", NULL};

#define SOURCES "path, query, header, cookie, certificate or provider"

static void read_source(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct inject_conf *field = base;
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, SOURCES))
		return;
	i = section_choose(reader, node->place, "source", node->text, source_names);
	if (source_names[i] != NULL)
		field->from = (enum conf_source)(CONF_FROM_PATH + i);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static void read_inject_type(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	/* A field of a plugin is one of these; the other types of values are for keys. */
	static const enum value_type types[] = {VALUE_STR, VALUE_INT, VALUE_DOUBLE, VALUE_BOOL,
		VALUE_UINT, VALUE_UUID, VALUE_DATETIME, VALUE_DATE, VALUE_TIME, VALUE_TIMEDELTA,
		VALUE_ENUM};
	const char *names[sizeof(types) / sizeof(types[0]) + 1] = {0};
	const char *item = node->text;
	struct inject_conf *field = base;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		names[i] = value_type_name(types[i]);
	if (!section_expect(reader, key->name, node, TREE_TEXT, "a type such as str or int"))
		return;
	if (ends_with(item, " list"))
		item = arena_text(reader->arena, item, strlen(item) - strlen(" list"));
	if (names[section_choose(reader, node->place, "type", item, names)] != NULL)
		field->type = (struct conf_text){node->text, node->place};
}

/* Bounds are of the plugin's type, which is not known here: the plan reads them. */
static void read_bound(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_text(reader, key, node, base);
}

static void read_spelled(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	void *base, enum value_type type, const char *wanted)
{
	struct value_error error;
	union value value;

	if (!section_expect(reader, key->name, node, TREE_TEXT, wanted))
		return;
	if (value_parse(type, span_of(node->text), reader->arena, &value, &error))
		read_text(reader, key, node, base);
	else
		err_list_add(reader->why, node->place, "%s: found %s, wanted %s", key->name,
			yaml_tree_found(node, reader->arena), wanted);
}

static void read_length(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_spelled(reader, key, node, base, VALUE_UINT, "a number of characters, such as 20");
}

static void read_item_count(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_spelled(reader, key, node, base, VALUE_UINT, "a number of items, such as 3");
}

static void read_default(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct inject_conf *field = base;

	if (node->kind == TREE_LIST)
		section_read_list(reader, key->name, node, &field->default_items);
	else
		read_any_text(reader, key, node, base);
}

/* One text stands for a list of one. */
static void read_choices(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	const struct yaml_tree list = {.kind = TREE_LIST,
		.place = node->place,
		.first = &(struct yaml_tree){.kind = node->kind,
			.place = node->place,
			.text = node->text},
		.count = 1};

	section_read_list(reader, key->name, node->kind == TREE_TEXT ? &list : node,
		section_member(key, base));
}

static void read_truth(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_spelled(reader, key, node, base, VALUE_BOOL, "true or false");
}

#define ROW(...) SECTION_ROW(struct inject_conf, __VA_ARGS__)
static const struct key inject_keys[] = {INJECT_KEYS(ROW)};
#undef ROW
static const struct section inject_section = SECTION("of an injected field", inject_keys);

static void check_default(struct reader *reader, const struct inject_conf *field)
{
	const char *found, *type = field->type.text;
	enum value_type value_type;
	union value value;
	struct value_error error;

	if (field->default_value.text == NULL && field->default_items.items == NULL)
		return;
	if (field->from == CONF_FROM_PATH) {
		err_list_add(reader->why,
			field->default_value.text != NULL ? field->default_value.place
							  : field->default_items.place,
			"default: a value from the path is always there: take the default away");
		return;
	}
	if (type == NULL || field->default_value.text == NULL ||
		!value_type_find(span_of(type), &value_type) || value_type == VALUE_ENUM ||
		value_parse(value_type, span_of(field->default_value.text), reader->arena, &value,
			&error))
		return;
	found = yaml_tree_quote(field->default_value.text, reader->arena);
	err_list_add(reader->why, field->default_value.place,
		"default: found %s, which is no %s: write one, or change the type", found, type);
}

static void read_field(
	struct reader *reader, const struct yaml_tree *node, struct inject_conf *field)
{
	const char *quoted = yaml_tree_quote(node->key, reader->arena);
	struct key key = {.name = node->key};

	field->field = (struct conf_text){node->key, node->key_place};
	field->is_cached = true;
	if (node->kind == TREE_UNUSABLE)
		return;
	if (!section_is_identifier(node->key)) {
		err_list_add(reader->why, node->key_place,
			"inject: found the field %s, wanted the name of a member of the plugin's "
			"struct: give the name at the source with \"alias\"",
			quoted);
	} else if (node->kind == TREE_MAP) {
		section_read(reader, &inject_section, node, field);
		check_default(reader, field);
	} else if (node->kind == TREE_TEXT) {
		read_source(reader, &key, node, field);
	} else {
		section_expect(
			reader, node->key, node, TREE_TEXT, SOURCES " (or {from: ..., type: ...})");
	}
}

void inject_conf_read(struct reader *reader, const struct yaml_tree *node, struct inject_conf **out,
	size_t *count)
{
	const struct yaml_tree *child = node->first;

	if (!section_expect(reader, "inject", node, TREE_MAP,
		    "a mapping of fields to sources, such as {token: query}"))
		return;
	*out = arena_alloc(reader->arena, node->count * sizeof(**out));
	for (*count = 0; child != NULL; child = child->next)
		read_field(reader, child, &(*out)[(*count)++]);
}
