/*
 * Who may connect and how answers look, as the file says it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_WEB_H
#define SOCKLET_CONFIG_CONF_WEB_H

#include "config/conf_text.h"
#include "wire/forwarded.h"

struct header_conf {
	const char *name, *value;
};

struct headers_conf {
	struct header_conf *items; /* no name twice */
	size_t count;
};

/* What a route has from the top until it says otherwise. */
struct web_conf {
	struct conf_list origins;    /* patterns of wire/origin.h */
	struct headers_conf headers; /* a route's: those at the top, with its own in their place */
};

/* Who is believed about whom he speaks for. */
struct proxies_conf {
	struct conf_list texts;        /* as written */
	const struct ip_range *ranges; /* one each */
};

/* Of all requests and answers. */
struct http_conf {
	struct conf_list hosts; /* patterns of wire/authority.h; absent: any */
	struct proxies_conf proxies;
	enum forwarded_header proxy_header;
	struct conf_text server; /* absent: no such header */
	bool has_date;
};

struct redirect_conf {
	struct conf_text to; /* as written */
	unsigned status;
};

struct subprotocols_conf {
	struct conf_list names; /* tokens, the best first */
	bool is_required;
};

#endif
