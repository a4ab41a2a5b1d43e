/*
 * Reads `listen:`, whose items are addresses, or mappings with an address and more.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LISTENER_CONF_H
#define SOCKLET_CONFIG_LISTENER_CONF_H

#include "config/section.h"

void read_listens(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);

#endif
