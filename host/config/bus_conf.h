/*
 * The section `bus` at the top. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_BUS_CONF_H
#define SOCKLET_CONFIG_BUS_CONF_H

#include "config/section.h"

key_reader read_bus;
void bus_conf_defaults(struct reader *reader, struct bus_conf *bus);

#endif
