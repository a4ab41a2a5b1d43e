/*
 * Reading one section (a mapping with known keys) by a table of its keys.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_SECTION_H
#define SOCKLET_CONFIG_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "config/yaml_tree.h"

/* What every reader is given. */
struct reader {
	struct config *config;
	struct arena *arena; /* the config's */
	struct err_list *why;
};

struct key;
/* Reads the value of `key` into the struct `base`, or complains. Never sees TREE_UNUSABLE. */
typedef void key_reader(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);

struct key {
	const char *name;
	key_reader *read;
	size_t offset; /* of the member in base */
	const char *default_text, *least, *most;
};

struct section {
	const char *where; /* "in a route" */
	const struct key *keys;
	size_t count;
};

/* A row of keys.h as a struct key, for a section that is read into `base`. */
#define SECTION_ROW(base, name, type, member, default_text, least, most, sentence) \
	{#name, read_##type, offsetof(base, member), default_text, least, most},
#define SECTION(where, table)                                    \
	{                                                        \
		where, table, sizeof(table) / sizeof((table)[0]) \
	}

/* Reads each default as if it had been written. */
void section_defaults(struct reader *reader, const struct section *section, void *base);
/*
 * Reads every key there is, in the order of the table, and complains of those not in it. False
 * when there were any: then a missing key is likely a misspelled one, and not worth a complaint.
 */
bool section_read(struct reader *reader, const struct section *section,
	const struct yaml_tree *node, void *base);

/* False, with a complaint "<name>: found …, wanted …", when the node is of another kind. */
bool section_expect(struct reader *reader, const char *name, const struct yaml_tree *node,
	enum tree_kind kind, const char *wanted);
/*
 * Index of `found` in `names` (which end with NULL). Without one, complains "unknown <what> …"
 * with the nearest name or all of them, and returns their number.
 */
size_t section_choose(struct reader *reader, struct place place, const char *what,
	const char *found, const char *const *names);
/* Letters, digits and '_', not a digit first. */
bool section_is_identifier(const char *text);

/* Where the member of `key` is in base. */
void *section_member(const struct key *key, void *base);

/* Readers of keys that are one text. */
void read_any_text(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
void read_text(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
/* Reads a list of texts, "" among them; false, with a complaint, when it is something else. */
bool section_read_list(struct reader *reader, const char *name, const struct yaml_tree *node,
	struct conf_list *out);
/* Within the key's range, both ends included; false, with a complaint, when it is none. */
bool section_read_number(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, uint64_t *out);
/* Into a bool. */
void read_flag(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
/* A list of texts, which ends with NULL in the struct. */
void read_scopes(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
/* `strict`: true, false, a source or a list of them. */
void read_strict(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
/* A file or folder: a relative one is joined to the folder of routes.yaml. */
void read_file(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
void read_size(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
void read_duration(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
/* A whole number without a unit, into an uint64_t. */
void read_number(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);

#endif
