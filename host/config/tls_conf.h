/*
 * The reader of `tls:`, for config.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_TLS_CONF_H
#define SOCKLET_CONFIG_TLS_CONF_H

#include "config/section.h"
#include "config/tls_keys.h"

void read_tls(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base);

#endif
