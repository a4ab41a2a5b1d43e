/*
 * The list `routes`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ROUTE_CONF_H
#define SOCKLET_CONFIG_ROUTE_CONF_H

#include "config/section.h"

/* Into struct config; routes begin with the config's limits and ping. */
key_reader read_routes;
/* A mapping of a plugin's options, also those of a bus driver. */
void route_conf_read_options(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct option_conf **options, size_t *count);

#endif
