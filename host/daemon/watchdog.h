/*
 * Notices plugin code that does not return, by its worker's page alone: no callback pays for it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WATCHDOG_H
#define SOCKLET_DAEMON_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct master;
struct poll_list;

/* What was seen of one worker. Zero it. */
struct watched {
	uint32_t turn;     /* of its page */
	uint64_t stuck_ms; /* for so long it is odd and the same */
	uint64_t seen_ms;  /* when that was looked at */
};

/* How often to look for that limit. */
uint64_t watchdog_pause_ms(uint64_t limit_ms);
/* Whether the same callback has run for that long. */
bool watchdog_is_late(struct watched *watched, uint32_t turn, uint64_t limit_ms, uint64_t now_ms);

/* Ends workers that are late. */
void watchdog_look(struct master *master);
/* When to look again. */
void watchdog_watch(struct master *master, struct poll_list *list);

#endif
