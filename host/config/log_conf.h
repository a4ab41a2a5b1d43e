/*
 * The section `log`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LOG_CONF_H
#define SOCKLET_CONFIG_LOG_CONF_H

#include "config/section.h"

/* Into a struct log_conf. */
key_reader read_log;

void log_conf_defaults(struct reader *reader, struct log_conf *log);

#endif
