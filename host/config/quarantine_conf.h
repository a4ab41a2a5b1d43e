/*
 * The section `quarantine` at the top. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_QUARANTINE_CONF_H
#define SOCKLET_CONFIG_QUARANTINE_CONF_H

#include "config/section.h"

key_reader read_quarantine;
void quarantine_conf_defaults(struct reader *reader, struct quarantine_conf *quarantine);

#endif
