/*
 * The section `presence` at the top. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_PRESENCE_CONF_H
#define SOCKLET_CONFIG_PRESENCE_CONF_H

#include "config/section.h"

key_reader read_presence;
void presence_conf_defaults(struct reader *reader, struct presence_conf *presence);

#endif
