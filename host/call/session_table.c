/*
 * Ids count up, so that the low bits spread them perfectly: the id is its own hash.
 * SPDX-License-Identifier: MIT
 */
#include "call/session_table.h"

#include <assert.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/session.h"

enum { SESSIONS_A_BUCKET = 4 }; /* at most, on average */

static struct sl_conn **bucket_of(const struct session_table *table, uint64_t id)
{
	return &table->buckets[id & (table->bucket_count - 1)];
}

static void link_in(struct session_table *table, struct sl_conn *conn)
{
	struct sl_conn **bucket = bucket_of(table, conn->id);

	conn->next_in_bucket = *bucket;
	*bucket = conn;
}

static void grow(struct session_table *table)
{
	struct session_table old = *table;

	table->bucket_count = old.bucket_count == 0 ? 16 : old.bucket_count * 2;
	table->buckets = xcalloc(table->bucket_count, sizeof(struct sl_conn *));
	for (size_t i = 0; i < old.bucket_count; i++) {
		struct sl_conn *conn = old.buckets[i], *next;

		for (; conn != NULL; conn = next) {
			next = conn->next_in_bucket;
			link_in(table, conn);
		}
	}
	free(old.buckets);
}

void session_table_fini(struct session_table *table)
{
	assert(table->count == 0);
	free(table->buckets);
	memset(table, 0, sizeof(*table));
}

void session_table_add(struct session_table *table, struct sl_conn *conn)
{
	/* Each neighbour costs a look, and halves the memory. */
	if (table->count == SESSIONS_A_BUCKET * table->bucket_count)
		grow(table);
	conn->id = ++table->last_id;
	link_in(table, conn);
	table->count++;
}

void session_table_remove(struct session_table *table, struct sl_conn *conn)
{
	struct sl_conn **at = bucket_of(table, conn->id);

	while (*at != conn)
		at = &(*at)->next_in_bucket;
	*at = conn->next_in_bucket;
	table->count--;
}

struct sl_conn *session_table_find(const struct session_table *table, uint64_t id)
{
	struct sl_conn *conn = table->bucket_count == 0 ? NULL : *bucket_of(table, id);

	while (conn != NULL && conn->id != id)
		conn = conn->next_in_bucket;
	return conn;
}

void session_table_each(
	const struct session_table *table, void (*visit)(struct sl_conn *, void *), void *context)
{
	for (size_t i = 0; i < table->bucket_count; i++)
		session_table_each_in(table, i, visit, context);
}

void session_table_each_in(const struct session_table *table, size_t bucket,
	void (*visit)(struct sl_conn *, void *), void *context)
{
	struct sl_conn *conn = table->buckets[bucket];

	for (; conn != NULL; conn = conn->next_in_bucket)
		visit(conn, context);
}
