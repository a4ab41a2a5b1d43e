/*
 * The loop over a table of keys, and the readers of plain values. Sizes and times go through
 * wire/value, the same code that reads parameters. Knows no key by name; config.c has the
 * tables. SPDX-License-Identifier: MIT
 */
#include "config/section.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "wire/value.h"

enum { NAMES_LISTED = 12 }; /* in a complaint; more are no help */

bool section_expect(struct reader *reader, const char *name, const struct yaml_tree *node,
	enum tree_kind kind, const char *wanted)
{
	if (node->kind == kind)
		return true;
	if (node->kind == TREE_NOTHING)
		err_list_add(reader->why, node->place,
			"%s: found nothing, wanted %s: write it, or take the key away", name,
			wanted);
	else if (node->kind != TREE_UNUSABLE)
		err_list_add(reader->why, node->place, "%s: found %s, wanted %s", name,
			yaml_tree_found(node, reader->arena), wanted);
	return false;
}

/* "a, b or c" */
static const char *join_names(const char *const *names, struct arena *arena)
{
	const char *all = names[0];

	for (size_t i = 1; names[i] != NULL; i++)
		all = arena_printf(
			arena, "%s%s%s", all, names[i + 1] == NULL ? " or " : ", ", names[i]);
	return all;
}

static size_t count_names(const char *const *names)
{
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	return count;
}

size_t section_choose(struct reader *reader, struct place place, const char *what,
	const char *found, const char *const *names)
{
	const char *near, *quoted;
	size_t i = 0;

	while (names[i] != NULL && strcmp(names[i], found) != 0)
		i++;
	if (names[i] != NULL)
		return i;
	near = err_nearest(found, names);
	quoted = yaml_tree_quote(found, reader->arena);
	if (near != NULL)
		err_list_add(reader->why, place, "unknown %s %s: did you mean \"%s\"?", what,
			quoted, near);
	else if (count_names(names) > NAMES_LISTED)
		err_list_add(reader->why, place,
			"unknown %s %s: conf/README.md lists the known ones", what, quoted);
	else
		err_list_add(reader->why, place, "unknown %s %s, wanted %s", what, quoted,
			join_names(names, reader->arena));
	return i;
}

bool section_is_identifier(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char digits[] = "0123456789";
	size_t i = strspn(text, letters);

	if (i == 0)
		return false;
	while (text[i] != '\0' && (strchr(letters, text[i]) || strchr(digits, text[i])))
		i++;
	return text[i] == '\0';
}

void section_defaults(struct reader *reader, const struct section *section, void *base)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct key *key = &section->keys[i];
		struct yaml_tree node = {.kind = TREE_TEXT,
			.text = key->default_text,
			.place = {.file = reader->config->path}};

		if (key->default_text != NULL)
			key->read(reader, key, &node, base);
	}
}

static void complain_of_unknown(
	struct reader *reader, const struct section *section, const struct yaml_tree *child)
{
	const char **names = arena_alloc(
		reader->arena, (section->count + 1) * sizeof(const char *));
	const char *what = arena_printf(reader->arena, "key %s:", section->where);

	for (size_t i = 0; i < section->count; i++)
		names[i] = section->keys[i].name;
	section_choose(reader, child->key_place, what, child->key, names);
}

bool section_read(struct reader *reader, const struct section *section,
	const struct yaml_tree *node, void *base)
{
	const struct yaml_tree *child;
	bool all_known = true;

	for (size_t i = 0; i < section->count; i++) {
		const struct key *key = &section->keys[i];

		child = yaml_tree_get(node, key->name);
		if (child != NULL && child->kind != TREE_UNUSABLE)
			key->read(reader, key, child, base);
	}
	for (child = node->first; child != NULL; child = child->next) {
		size_t i = 0;

		while (i < section->count && strcmp(section->keys[i].name, child->key) != 0)
			i++;
		if (i < section->count)
			continue;
		all_known = false;
		if (child->kind != TREE_UNUSABLE)
			complain_of_unknown(reader, section, child);
	}
	return all_known;
}

void *section_member(const struct key *key, void *base)
{
	return (char *)base + key->offset;
}

void read_any_text(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_TEXT, "a text (\"\" for an empty one)"))
		*(struct conf_text *)section_member(key, base) = (struct conf_text){
			node->text, node->place};
}

void read_text(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (!section_expect(reader, key->name, node, TREE_TEXT, "a text"))
		return;
	if (node->text[0] == '\0')
		err_list_add(reader->why, node->place,
			"%s: found \"\", wanted a text: write it, or take the key away", key->name);
	else
		read_any_text(reader, key, node, base);
}

bool section_read_list(struct reader *reader, const char *name, const struct yaml_tree *node,
	struct conf_list *out)
{
	const char **items = arena_alloc(reader->arena, (node->count + 1) * sizeof(*items));
	size_t count = 0;

	if (!section_expect(reader, name, node, TREE_LIST, "a list of texts"))
		return false;
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next) {
		if (!section_expect(reader, name, child, TREE_TEXT, "a text in its list"))
			return false;
		items[count++] = child->text;
	}
	*out = (struct conf_list){items, count, node->place};
	return true;
}

void read_scopes(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	const char **texts;

	if (!section_expect(reader, key->name, node, TREE_LIST, "a list such as [items, me]"))
		return;
	texts = arena_alloc(reader->arena, (node->count + 1) * sizeof(*texts));
	*(const char *const **)section_member(key, base) = texts;
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next)
		if (section_expect(reader, key->name, child, TREE_TEXT, "the name of a scope"))
			*texts++ = child->text;
}

/* A relative path is meant from the folder of routes.yaml, wherever the host was started. */
static const char *join_to_file(const struct reader *reader, const char *path)
{
	const char *file = reader->config->path, *slash = strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(reader->arena, "%.*s%s", (int)(slash + 1 - file), file, path);
}

void read_file(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct conf_text *member = section_member(key, base);

	if (!section_expect(reader, key->name, node, TREE_TEXT, "a path in the file system"))
		return;
	member->text = NULL;
	read_text(reader, key, node, base);
	if (member->text != NULL)
		member->text = join_to_file(reader, member->text);
}

/* "a size such as 64KiB" out of FastAPI's "Input should be a size such as 64KiB". */
static const char *wanted_by(const struct value_error *error)
{
	static const char start[] = "Input should be ";
	size_t len = sizeof(start) - 1;

	return strncmp(error->message, start, len) == 0 ? error->message + len : error->message;
}

static uint64_t bound(enum value_type type, const char *text, struct arena *arena)
{
	struct value_error ignored;
	union value value = {0};

	value_parse(type, span_of(text), arena, &value, &ignored);
	return value.size;
}

/* Both types are an uint64_t in struct config. */
static void read_value(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	void *base, enum value_type type)
{
	struct value_error error;
	union value value;

	/* What an empty text is refused with says what a list should have been, too. */
	value_parse(type, SPAN(""), reader->arena, &value, &error);
	if (!section_expect(reader, key->name, node, TREE_TEXT, wanted_by(&error)))
		return;
	if (!value_parse(type, span_of(node->text), reader->arena, &value, &error))
		err_list_add(reader->why, node->place, "%s: found %s, wanted %s", key->name,
			yaml_tree_found(node, reader->arena), wanted_by(&error));
	else if (value.size < bound(type, key->least, reader->arena) ||
		 value.size > bound(type, key->most, reader->arena))
		err_list_add(reader->why, node->place, "%s: found %s, wanted %s to %s", key->name,
			yaml_tree_found(node, reader->arena), key->least, key->most);
	else
		value_store(type, &value, section_member(key, base));
}

void read_size(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_value(reader, key, node, base, VALUE_SIZE);
}

void read_duration(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_value(reader, key, node, base, VALUE_DURATION);
}

/* One that overflows is read as the largest, which is beyond any range. */
bool section_read_number(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, uint64_t *out)
{
	uint64_t least = strtoull(key->least, NULL, 10), most = strtoull(key->most, NULL, 10);
	unsigned long long number;
	char *end;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "a number"))
		return false;
	number = strtoull(node->text, &end, 10);
	if (isdigit((unsigned char)node->text[0]) && *end == '\0' && number >= least &&
		number <= most) {
		*out = number;
		return true;
	}
	err_list_add(reader->why, node->place, "%s: found %s, wanted a number from %s to %s",
		key->name, yaml_tree_found(node, reader->arena), key->least, key->most);
	return false;
}

void read_number(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	section_read_number(reader, key, node, section_member(key, base));
}

void read_flag(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct value_error error;
	union value value;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "true or false"))
		return;
	if (value_parse(VALUE_BOOL, span_of(node->text), reader->arena, &value, &error))
		*(bool *)section_member(key, base) = value.truth;
	else
		err_list_add(reader->why, node->place, "%s: found %s, wanted true or false",
			key->name, yaml_tree_found(node, reader->arena));
}
