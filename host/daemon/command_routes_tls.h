/*
 * What `socklet routes` says of TLS. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMAND_ROUTES_TLS_H
#define SOCKLET_DAEMON_COMMAND_ROUTES_TLS_H

#include <jansson.h>

#include "config/config.h"

/* A line for each certificate, and one for the rules; nothing without `tls:`. */
void command_routes_tls_print(const struct tls_conf *tls);
/* An object, or null. */
json_t *command_routes_tls_json(const struct tls_conf *tls);

#endif
