/*
 * Reads the section `admin:` of routes.yaml, its addresses into those of `listen`.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ADMIN_CONF_H
#define SOCKLET_CONFIG_ADMIN_CONF_H

#include "config/section.h"

key_reader read_admin;

#endif
