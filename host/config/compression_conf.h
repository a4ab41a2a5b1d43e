/*
 * The section `compression`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_COMPRESSION_CONF_H
#define SOCKLET_CONFIG_COMPRESSION_CONF_H

#include "config/section.h"

void compression_conf_defaults(struct reader *reader, struct ws_compression *compression);

/* At the top and in routes: what is left out stays as it is. */
key_reader read_compression;

#endif
