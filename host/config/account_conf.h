/*
 * A user or a group of the machine, by name or number. Read by readers of keys.h's types.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ACCOUNT_CONF_H
#define SOCKLET_CONFIG_ACCOUNT_CONF_H

#include "config/conf_text.h"

struct account_conf {
	struct conf_text name; /* as written; absent: none is named */
	unsigned id;
};

struct key;
struct reader;
struct yaml_tree;

void read_user(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);
void read_group(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);

#endif
