/*
 * What can be wrong between sections that are right one by one. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONFIG_CHECK_H
#define SOCKLET_CONFIG_CONFIG_CHECK_H

#include "config/config.h"

void config_check(const struct config *config, struct err_list *why);

#endif
