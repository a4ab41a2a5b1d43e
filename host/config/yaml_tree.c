/*
 * Builds the tree from libyaml's events, not from its documents: those have lost the aliases and
 * have no depth limit. What libyaml says about a syntax error is put into the words of
 * yaml_words.c. Called by config.c only. SPDX-License-Identifier: MIT
 */
#include "config/yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "config/yaml_words.h"

struct builder {
	yaml_parser_t parser;
	struct span text;
	const char *file;
	struct arena *arena;
	struct err_list *why;
};

static struct place place_at(const struct builder *b, yaml_mark_t mark)
{
	return (struct place){b->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

/* libyaml gives only the byte offset of what is no text at all. */
static struct place place_of_offset(const struct builder *b, size_t offset)
{
	struct place place = {b->file, 1, 1};

	for (size_t i = 0; i < offset && i < b->text.len; i++) {
		unsigned char c = (unsigned char)b->text.ptr[i];

		if (c == '\n') {
			place.line++;
			place.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

/* Byte offset of a mark: libyaml's own index counts characters. */
static size_t offset_of(const struct builder *b, yaml_mark_t mark)
{
	size_t left = mark.index, i = 0;

	for (; i < b->text.len; i++)
		if (((unsigned char)b->text.ptr[i] & 0xc0) != 0x80 && left-- == 0)
			break;
	return i;
}

static bool starts_line(const struct builder *b, size_t offset)
{
	while (offset > 0 && (b->text.ptr[offset - 1] == ' ' || b->text.ptr[offset - 1] == '\t'))
		offset--;
	return offset == 0 || b->text.ptr[offset - 1] == '\n';
}

static void complain_of_syntax(struct builder *b)
{
	const yaml_parser_t *parser = &b->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
	size_t at = offset_of(b, parser->problem_mark);
	struct yaml_words words = yaml_words_find(
		problem, at < b->text.len ? b->text.ptr[at] : '\0', starts_line(b, at));
	struct place place = place_at(b, parser->problem_mark);

	if (parser->error == YAML_READER_ERROR)
		place = place_of_offset(b, parser->problem_offset);
	else if (words.is_at_context)
		place = place_at(b, parser->context_mark);
	err_list_add(b->why, place, "%s", words.text);
}

/* False after a syntax error, which is then complained about. */
static bool next_event(struct builder *b, yaml_event_t *event)
{
	if (yaml_parser_parse(&b->parser, event))
		return true;
	complain_of_syntax(b);
	return false;
}

static struct yaml_tree *new_node(struct builder *b, enum tree_kind kind, yaml_mark_t mark)
{
	struct yaml_tree *node = arena_alloc(b->arena, sizeof(*node));

	node->kind = kind;
	node->place = place_at(b, mark);
	return node;
}

static bool is_null(const char *text, const yaml_event_t *event)
{
	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || !strcmp(text, "~") || !strcmp(text, "null"));
}

static struct yaml_tree *build_text(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	struct yaml_tree *node = new_node(b, TREE_TEXT, event->start_mark);

	node->text = arena_text(b->arena, text, event->data.scalar.length);
	if (strlen(text) != event->data.scalar.length) {
		err_list_add(b->why, node->place, "found a NUL in a text: take the \"\\0\" away");
		node->kind = TREE_UNUSABLE;
	} else if (is_null(text, event)) {
		node->kind = TREE_NOTHING;
	}
	return node;
}

/* Anchors and tags of any node; what they stand on can be read all the same. */
static void refuse_properties(struct builder *b, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		err_list_add(b->why, place_at(b, event->start_mark),
			"found an anchor, \"&%.40s\", but anchors are not read: write the text "
			"out where it is wanted, in quotes if it begins with '&'",
			anchor);
	if (tag != NULL)
		err_list_add(b->why, place_at(b, event->start_mark),
			"found a tag, %s, but tags are not read: take it away, or put the text in "
			"quotes if it begins with '!'",
			yaml_tree_quote((const char *)tag, b->arena));
}

static struct yaml_tree *build_node(struct builder *b, yaml_event_t *event, unsigned depth);

/* The key of the next child, an empty node that has only its key; NULL after a syntax error. */
static struct yaml_tree *build_key(struct builder *b, yaml_event_t *event, unsigned depth)
{
	struct place place = place_at(b, event->start_mark);
	struct yaml_tree *key = build_node(b, event, depth), *child;

	if (key == NULL)
		return NULL;
	child = arena_alloc(b->arena, sizeof(*child));
	child->key = key->text != NULL ? key->text : "";
	child->key_place = place;
	child->kind = TREE_NOTHING;
	if (key->kind == TREE_LIST || key->kind == TREE_MAP || key->kind == TREE_NOTHING)
		err_list_add(b->why, place, "found %s as a key, wanted a name before the ':'",
			yaml_tree_found(key, b->arena));
	else if (!strcmp(child->key, "<<"))
		err_list_add(b->why, place,
			"found the merge key \"<<\", but it is not read: write the keys out");
	else if (key->kind == TREE_TEXT)
		return child;
	child->kind = TREE_UNUSABLE;
	return child;
}

/* One child, linked behind *tail; false after a syntax error. */
static bool build_child(struct builder *b, struct yaml_tree *parent, yaml_event_t *event,
	unsigned depth, struct yaml_tree **tail)
{
	struct yaml_tree *key = NULL, *child;

	if (parent->kind == TREE_MAP) {
		key = build_key(b, event, depth);
		if (key == NULL || !next_event(b, event))
			return false;
	}
	child = build_node(b, event, depth);
	if (child == NULL)
		return false;
	if (key != NULL) {
		child->key = key->key;
		child->key_place = key->key_place;
		if (key->kind == TREE_UNUSABLE)
			child->kind = TREE_UNUSABLE;
	}
	if (*tail == NULL)
		parent->first = child;
	else
		(*tail)->next = child;
	*tail = child;
	parent->count++;
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_tree *one = *(struct yaml_tree *const *)a;
	const struct yaml_tree *two = *(struct yaml_tree *const *)b;
	int order = strcmp(one->key, two->key);

	if (order != 0)
		return order;
	if (one->key_place.line != two->key_place.line)
		return one->key_place.line < two->key_place.line ? -1 : 1;
	return one->key_place.column < two->key_place.column ? -1 : 1;
}

/* Sorted, because a mapping may have thousands of keys. */
static void refuse_duplicates(struct builder *b, const struct yaml_tree *map)
{
	struct yaml_tree **sorted, *child = map->first;
	const struct yaml_tree *original;

	if (map->count < 2)
		return;
	sorted = xcalloc(map->count, sizeof(struct yaml_tree *));
	for (size_t i = 0; child != NULL; child = child->next)
		sorted[i++] = child;
	qsort(sorted, map->count, sizeof(struct yaml_tree *), compare_keys);
	original = sorted[0];
	for (size_t i = 1; i < map->count; i++) {
		if (strcmp(sorted[i]->key, original->key) != 0 ||
			sorted[i]->kind == TREE_UNUSABLE) {
			original = sorted[i];
			continue;
		}
		err_list_add(b->why, sorted[i]->key_place,
			"duplicate key %s, the first is at %u:%u: take one of them away",
			yaml_tree_quote(original->key, b->arena), original->key_place.line,
			original->key_place.column);
		sorted[i]->kind = TREE_UNUSABLE;
	}
	free(sorted);
}

/* A list or a mapping, up to its end event. */
static struct yaml_tree *build_children(
	struct builder *b, enum tree_kind kind, yaml_mark_t mark, unsigned depth)
{
	struct yaml_tree *node = new_node(b, kind, mark), *tail = NULL;
	yaml_event_t event;

	if (depth == YAML_TREE_DEPTH_MAX) {
		err_list_add(b->why, node->place, "more than %d levels deep: no key wants that",
			YAML_TREE_DEPTH_MAX);
		return NULL;
	}
	for (;;) {
		if (!next_event(b, &event))
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
			break;
		if (!build_child(b, node, &event, depth + 1, &tail))
			return NULL;
	}
	yaml_event_delete(&event);
	if (kind == TREE_MAP)
		refuse_duplicates(b, node);
	return node;
}

/* The node that `event` begins; uses the event up. NULL after a complaint that ends all. */
static struct yaml_tree *build_node(struct builder *b, yaml_event_t *event, unsigned depth)
{
	yaml_event_type_t type = event->type;
	yaml_mark_t mark = event->start_mark;
	struct yaml_tree *node = NULL;

	refuse_properties(b, event);
	if (type == YAML_SCALAR_EVENT) {
		node = build_text(b, event);
	} else if (type == YAML_ALIAS_EVENT) {
		node = new_node(b, TREE_UNUSABLE, mark);
		err_list_add(b->why, node->place,
			"found an alias, \"*%.40s\", but aliases are not read: write the text out, "
			"in quotes if it begins with '*'",
			event->data.alias.anchor);
	}
	yaml_event_delete(event);
	if (node != NULL)
		return node;
	return build_children(
		b, type == YAML_MAPPING_START_EVENT ? TREE_MAP : TREE_LIST, mark, depth);
}

static struct yaml_tree *build_document(struct builder *b)
{
	struct yaml_tree *root = NULL;
	yaml_event_t event;

	while (next_event(b, &event)) {
		yaml_event_type_t type = event.type;
		struct place place = place_at(b, event.start_mark);

		if (type == YAML_DOCUMENT_START_EVENT && root != NULL)
			err_list_add(b->why, place,
				"found a second document after \"---\": one file is one "
				"configuration");
		if (type == YAML_STREAM_END_EVENT ||
			(type == YAML_DOCUMENT_START_EVENT && root != NULL)) {
			yaml_event_delete(&event);
			return root != NULL ? root : new_node(b, TREE_NOTHING, (yaml_mark_t){0});
		}
		if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
			type == YAML_DOCUMENT_END_EVENT)
			yaml_event_delete(&event);
		else if ((root = build_node(b, &event, 0)) == NULL)
			return NULL;
	}
	return NULL;
}

struct yaml_tree *yaml_tree_parse(
	struct span text, const char *file, struct arena *arena, struct err_list *why)
{
	struct builder b = {.text = text, .file = file, .arena = arena, .why = why};
	struct yaml_tree *root;

	if (!yaml_parser_initialize(&b.parser))
		abort();
	/* Without this, a file that begins like UTF-16 would be read as that. */
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&b.parser, (const unsigned char *)(text.len > 0 ? text.ptr : ""), text.len);
	root = build_document(&b);
	yaml_parser_delete(&b.parser);
	return root;
}

const struct yaml_tree *yaml_tree_get(const struct yaml_tree *map, const char *key)
{
	const struct yaml_tree *child = map->kind == TREE_MAP ? map->first : NULL;

	while (child != NULL && strcmp(child->key, key) != 0)
		child = child->next;
	return child;
}

const char *yaml_tree_quote(const char *text, struct arena *arena)
{
	struct buf out = {0};
	const char *quoted;

	buf_append(&out, "\"", 1);
	for (size_t i = 0; text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		/* Cut between characters, not inside one. */
		if (i >= 60 && (c & 0xc0) != 0x80) {
			buf_append_span(&out, SPAN("..."));
			break;
		}
		if (c < 0x20 || c == 0x7f)
			buf_printf(&out, "\\x%02x", c);
		else
			buf_append(&out, &text[i], 1);
	}
	buf_append(&out, "\"", 1);
	quoted = arena_text(arena, out.data, out.len);
	buf_fini(&out);
	return quoted;
}

const char *yaml_tree_found(const struct yaml_tree *node, struct arena *arena)
{
	switch (node->kind) {
	case TREE_TEXT:
		return yaml_tree_quote(node->text, arena);
	case TREE_LIST:
		return "a list";
	case TREE_MAP:
		return "a mapping";
	case TREE_NOTHING:
	case TREE_UNUSABLE:
		break;
	}
	return "nothing";
}
