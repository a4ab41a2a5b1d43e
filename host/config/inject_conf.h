/*
 * The `inject` mapping of a route or a provider. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_INJECT_CONF_H
#define SOCKLET_CONFIG_INJECT_CONF_H

#include "config/section.h"

/* Every field of the mapping, in the file's order; the array is the arena's. */
void inject_conf_read(struct reader *reader, const struct yaml_tree *node, struct inject_conf **out,
	size_t *count);

#endif
