/*
 * YAML as a tree of texts, lists and mappings that know their line and column. The only user of
 * libyaml; knows no key of ours. Refused, with a complaint, is what a routes file does not need:
 * anchors, aliases, merge keys, tags, a second document. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_YAML_TREE_H
#define SOCKLET_CONFIG_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum tree_kind {
	TREE_NOTHING, /* empty, ~ or null */
	TREE_TEXT,
	TREE_LIST,
	TREE_MAP,
	TREE_UNUSABLE, /* was complained about already: to be passed over in silence */
};

struct yaml_tree {
	enum tree_kind kind;
	struct place place;
	const char *text; /* TREE_TEXT; valid UTF-8 without a NUL inside */
	/* In a mapping, this node is the value of: */
	const char *key;
	struct place key_place;
	/* TREE_LIST, TREE_MAP: children in the file's order, linked by next. */
	struct yaml_tree *first, *next;
	size_t count;
};

enum { YAML_TREE_DEPTH_MAX = 20, YAML_TREE_FILE_MAX = 16 * 1024 * 1024 /* bytes */ };

/*
 * Reads a whole text; `file` is only its name in places, and borrowed as long as the arena. NULL
 * when it is no YAML. Other complaints (a duplicate key, an alias) leave a tree with TREE_UNUSABLE
 * in it, so compare why->count before and after.
 */
struct yaml_tree *yaml_tree_parse(
	struct span text, const char *file, struct arena *arena, struct err_list *why);
/* The value of a key, or NULL. */
const struct yaml_tree *yaml_tree_get(const struct yaml_tree *map, const char *key);
/* For "found %s": a quoted text, "a list", "a mapping", "nothing". */
const char *yaml_tree_found(const struct yaml_tree *node, struct arena *arena);
/* In quotes, cut when long, control characters as \xNN: so that a complaint stays one line. */
const char *yaml_tree_quote(const char *text, struct arena *arena);

#endif
