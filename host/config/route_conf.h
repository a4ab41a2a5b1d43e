/*
 * The list `routes`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ROUTE_CONF_H
#define SOCKLET_CONFIG_ROUTE_CONF_H

#include "config/section.h"

/* Into struct config; routes begin with the config's limits and ping. */
key_reader read_routes;

#endif
