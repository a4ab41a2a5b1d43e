/*
 * The mappings `providers` and `overrides`, and `providers` of a route.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_PROVIDER_CONF_H
#define SOCKLET_CONFIG_PROVIDER_CONF_H

#include "config/section.h"

/* Into struct config, or into struct route_conf. */
key_reader read_providers, read_overrides, read_attached;
/* The name of a plugin, of a route or a provider. */
key_reader read_plugin;

/* Puts every override in the place of the provider it names. */
void provider_conf_override(struct reader *reader, struct config *config);

#endif
