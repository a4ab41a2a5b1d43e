/*
 * Id to session: a hash table that doubles. Ids count up and are never given twice.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_TABLE_H
#define SOCKLET_CALL_SESSION_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct sl_conn;

/* Zero it; then session_table_fini. */
struct session_table {
	struct sl_conn **buckets;
	size_t bucket_count, count;
	uint64_t last_id;
};

void session_table_fini(struct session_table *table);
/* Gives conn->id. */
void session_table_add(struct session_table *table, struct sl_conn *conn);
void session_table_remove(struct session_table *table, struct sl_conn *conn);
struct sl_conn *session_table_find(const struct session_table *table, uint64_t id);
/* Calls visit for every session; visit must neither add nor remove. */
void session_table_each(
	const struct session_table *table, void (*visit)(struct sl_conn *, void *), void *context);
/* The same for one of its buckets, which are numbered below bucket_count. */
void session_table_each_in(const struct session_table *table, size_t bucket,
	void (*visit)(struct sl_conn *, void *), void *context);

#endif
