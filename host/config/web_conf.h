/*
 * Readers of the keys of web_keys.h. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_WEB_CONF_H
#define SOCKLET_CONFIG_WEB_CONF_H

#include "config/section.h"

key_reader read_field_value, read_headers, read_hosts, read_origins, read_proxies,
	read_proxy_header, read_redirect_status, read_server, read_subprotocols;

#endif
