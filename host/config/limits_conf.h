/*
 * The sections `limits` and `ping`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LIMITS_CONF_H
#define SOCKLET_CONFIG_LIMITS_CONF_H

#include "config/section.h"

/* Of the sections at the top. */
void limits_conf_defaults(struct reader *reader);

/* At the top, `limits` also has `handshake`. */
/* By enum overflow_conf; ends with NULL. */
extern const char *const limits_overflow_names[];

key_reader read_top_limits, read_route_limits, read_ping, read_drain, read_stop;
/* A time, or never: CONFIG_NEVER. */
key_reader read_after;

#endif
