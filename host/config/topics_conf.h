/*
 * The section `topics` at the top. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_TOPICS_CONF_H
#define SOCKLET_CONFIG_TOPICS_CONF_H

#include "config/section.h"

key_reader read_topics;
void topics_conf_defaults(struct reader *reader, struct topics_conf *topics);

#endif
