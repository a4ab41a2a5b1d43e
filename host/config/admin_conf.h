/*
 * Reads `admin:`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ADMIN_CONF_H
#define SOCKLET_CONFIG_ADMIN_CONF_H

#include "config/section.h"

key_reader read_admin;

#endif
