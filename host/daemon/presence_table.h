/*
 * Who is present in which topic: of this host's workers, and of other hosts. Found by topic for a
 * list, by member for who leaves. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PRESENCE_TABLE_H
#define SOCKLET_DAEMON_PRESENCE_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "config/config.h"

struct presence_row {
	LIST_ENTRY(presence_row) of_topic, of_member, of_worker;
	TAILQ_ENTRY(presence_row) of_age; /* our own, in the order in which they came */
	uint64_t host;                    /* whose; 0: ours */
	uint64_t id;                      /* of the connection there */
	uint64_t born;                    /* roster.c's */
	struct span topic, label;         /* behind it, in the same memory */
};

LIST_HEAD(presence_rows, presence_row);

/* Zero it; presence_table_init; then presence_table_fini, when those of other hosts are gone. */
struct presence_table {
	struct presence_rows *by_topic, *by_member; /* NULL: nobody ever was */
	struct presence_rows of_worker[CONFIG_WORKERS_MAX];
	TAILQ_HEAD(presence_age, presence_row) of_age;
	size_t count; /* ours */
};

void presence_table_init(struct presence_table *table);
void presence_table_fini(struct presence_table *table);

/* Ours. Copies both texts. The connection is not in that topic. */
struct presence_row *presence_table_add(struct presence_table *table, unsigned worker, uint64_t id,
	struct span topic, struct span label);
/* Of another host, which is not 0; else the same. */
struct presence_row *presence_table_add_other(struct presence_table *table, uint64_t host,
	uint64_t id, struct span topic, struct span label);
/* NULL: it is not there. */
struct presence_row *presence_table_find(
	const struct presence_table *table, uint64_t host, uint64_t id, struct span topic);
void presence_table_drop(struct presence_table *table, struct presence_row *row);
/* Any row of that worker; NULL: it has none. */
struct presence_row *presence_table_first(const struct presence_table *table, unsigned worker);
/* Calls visit for all in the topic, whatever host they are of, the last that came first. */
void presence_table_each(const struct presence_table *table, struct span topic,
	void (*visit)(void *context, const struct presence_row *row), void *context);
/* What such a row takes, with what the allocator adds. */
size_t presence_row_bytes(struct span topic, struct span label);

#endif
