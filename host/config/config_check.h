/*
 * What can be wrong between sections that are right one by one. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONFIG_CHECK_H
#define SOCKLET_CONFIG_CONFIG_CHECK_H

#include "config/config.h"

/* Complains; texts it builds on the way are the arena's. */
void config_check(const struct config *config, struct arena *arena, struct err_list *why);

#endif
