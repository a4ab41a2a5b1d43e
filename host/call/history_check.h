/*
 * Whether what is to be kept can be, where the routes file says so. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_HISTORY_CHECK_H
#define SOCKLET_CALL_HISTORY_CHECK_H

#include "base/err.h"
#include "config/config.h"

struct generation;

void history_check_filters(const struct topics_conf *topics, struct err_list *why);
/* Its driver is loaded, if it could be. */
void history_check_store(const struct generation *generation, struct err_list *why);

#endif
