/*
 * What config.h says of the bus: the driver that carries topics to other hosts, and what those tell
 * each other.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_BUS_H
#define SOCKLET_CONFIG_CONF_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "config/conf_text.h"

struct option_conf;

/* What goes when more than `queue` waits for the broker. */
enum bus_overflow_conf { BUS_DROP_OLDEST, BUS_DROP_NEWEST };

const char *bus_conf_overflow_name(enum bus_overflow_conf overflow);

struct bus_conf {
	struct conf_text driver; /* a plugin; absent: topics end at this host */
	struct option_conf *options;
	size_t option_count;
	uint64_t queue_bytes;
	enum bus_overflow_conf overflow;
};

/* What hosts on one broker tell each other about who is present. */
struct presence_conf {
	uint64_t interval_ms, timeout_ms;
	uint64_t memory_bytes;
};

#endif
