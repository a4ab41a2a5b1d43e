/*
 * The section `admin:`. No token stands in the file, only where it is. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_ADMIN_H
#define SOCKLET_CONFIG_CONF_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/conf_text.h"

/* One of env and file is there. */
struct secret_conf {
	struct place place;
	struct conf_text env, file, kid;
};

struct secret_list_conf {
	struct secret_conf *items;
	size_t count;
};

/* Its addresses are in config.listens, with is_admin. */
struct admin_conf {
	struct secret_list_conf tokens; /* none: whoever can connect may */
	uint64_t body_bytes, remember_ms;
};

#endif
