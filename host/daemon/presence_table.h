/*
 * Who is present in which topic, of all workers, and which of them are a worker's.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PRESENCE_TABLE_H
#define SOCKLET_DAEMON_PRESENCE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "config/config.h"

struct presence_row {
	LIST_ENTRY(presence_row) of_bucket, of_worker;
	uint64_t id;
	struct span topic, label; /* behind it, in the same memory */
};

LIST_HEAD(presence_rows, presence_row);

/* Zero it; then presence_table_fini. */
struct presence_table {
	struct presence_rows *buckets; /* by topic; NULL: nobody ever was */
	struct presence_rows of_worker[CONFIG_WORKERS_MAX];
	size_t count;
};

void presence_table_fini(struct presence_table *table);
/* Copies both texts. The connection is not in that topic. */
void presence_table_add(struct presence_table *table, unsigned worker, uint64_t id,
	struct span topic, struct span label);
/* Nothing to do if it is not there. */
void presence_table_remove(struct presence_table *table, uint64_t id, struct span topic);
void presence_table_drop(struct presence_table *table, struct presence_row *row);
/* Any row of that worker; NULL: it has none. */
struct presence_row *presence_table_first(const struct presence_table *table, unsigned worker);
/* Calls visit for all in the topic, the last that came first. */
void presence_table_each(const struct presence_table *table, struct span topic,
	void (*visit)(void *context, const struct presence_row *row), void *context);

#endif
