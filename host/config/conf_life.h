/*
 * What config.h says of the host's life: its log, and what happens when a reload, the host or a
 * worker ends something. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_LIFE_H
#define SOCKLET_CONFIG_CONF_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/conf_text.h"

struct log_conf {
	struct conf_text to; /* a file, joined to the folder of the routes file; absent: stderr */
	bool is_syslog, is_json;
	enum log_level level, levels[LOG_AREAS];
};

/* When a plugin that ends workers is no longer called. */
struct quarantine_conf {
	unsigned deaths; /* of workers; 0: never */
	uint64_t within_ms;
};

/* Of connections that a reload has left behind. */
struct drain_conf {
	uint64_t after_ms; /* CONFIG_NEVER: they may stay */
	uint64_t spread_ms;
};

#define CONFIG_NEVER UINT64_MAX

/* Topics that are kept. */
struct history_conf {
	struct conf_text filter; /* not checked here: the generation does */
	uint64_t messages;       /* at most, of a topic */
	uint64_t time_ms;        /* CONFIG_NEVER: however old */
};

enum history_store_conf { HISTORY_IN_MEMORY, HISTORY_ON_BUS };

struct topics_conf {
	uint64_t queue_bytes; /* published and not yet with the members, of one worker */
	uint64_t history_bytes;
	struct history_conf *history;
	size_t history_count;
	enum history_store_conf history_store;
	struct place history_store_place; /* where that stands; line 0: nowhere */
};

struct stop_conf {
	uint64_t spread_ms, deadline_ms;
};

#endif
