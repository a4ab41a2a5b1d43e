/*
 * What routes.yaml says of injected fields and of providers. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_INJECT_H
#define SOCKLET_CONFIG_CONF_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/conf_text.h"
#include "wire/rules.h"

/* Where an injected field comes from. */
enum conf_source {
	CONF_FROM_DEFAULT, /* not said: path if the path has the name, else query */
	CONF_FROM_PATH,
	CONF_FROM_QUERY,
	CONF_FROM_HEADER,
	CONF_FROM_COOKIE,
	CONF_FROM_CERTIFICATE,
	CONF_FROM_PROVIDER,
};

struct inject_conf {
	struct conf_text field; /* the plugin's member */
	enum conf_source from;
	struct conf_text alias;         /* name at the source; absent: the field's own */
	struct conf_text type;          /* "int", …: what the author expects the member to be */
	struct conf_text default_value; /* as text; absent: none, or a list */
	struct conf_list default_items;
	struct conf_list enum_values;           /* one of these */
	struct conf_text said[RULES_KEY_COUNT]; /* what the value has to be, as text */
	struct conf_text convert_underscores;   /* "false": the header's name is the field's */
	struct conf_text title, description, example, deprecated, include_in_docs;
	bool is_cached;            /* false: a call of its own */
	struct conf_text claim;    /* of a built-in provider's result */
	const char *const *scopes; /* security scopes, NULL-ended; NULL: none */
};

/* A provider called for what it does. */
struct attached_conf {
	struct conf_text name;
	const char *const *scopes;
};

/* Of one of the host itself: exactly one of plugin and security is there. */
struct security_conf;

struct provider_conf {
	struct conf_text name;
	struct conf_text plugin;
	const struct security_conf *security; /* config/security_conf.h; NULL: plugin */
	struct conf_text function; /* the plugin's SL_PROVIDER; absent: of the entry's name */
	struct inject_conf *inject;
	size_t inject_count;
	struct conf_text scope; /* "connection", …; absent: the plugin says */
	uint64_t timeout_ms;
	bool all_routes; /* attached to every route with a plugin */
	bool is_override;
};

#endif
