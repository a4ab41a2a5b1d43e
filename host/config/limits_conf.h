/*
 * The sections `limits` and `ping`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LIMITS_CONF_H
#define SOCKLET_CONFIG_LIMITS_CONF_H

#include "config/section.h"

void limits_conf_defaults(
	struct reader *reader, struct limits_conf *limits, struct ping_conf *ping);

/* At the top, `limits` also has `handshake`. */
key_reader read_top_limits, read_route_limits, read_ping;

#endif
