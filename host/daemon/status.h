/*
 * What `socklet status` says: gathered from all workers, then told as text or JSON.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_STATUS_H
#define SOCKLET_DAEMON_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/config.h"

struct master;
struct member;

enum status_form { STATUS_TEXT, STATUS_JSON, STATUS_METRICS };

/* Answers of the workers, while somebody waits for them. */
struct status {
	bool is_asked;
	uint64_t due_ms;
	bool waits_for[CONFIG_WORKERS_MAX];
	json_t *answers[CONFIG_WORKERS_MAX]; /* NULL: none */
};

/* Asks all workers, unless that is under way. */
void status_ask(struct master *master);
void status_take(struct master *master, const struct member *member, struct span answer);
/* Whether all have answered, or will not. */
bool status_is_due(const struct master *master);
uint64_t status_due_ms(const struct master *master);
void status_print(struct buf *out, const struct master *master, enum status_form form);
/* Until the next status_ask. */
void status_forget(struct master *master);

#endif
