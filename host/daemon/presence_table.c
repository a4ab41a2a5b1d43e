/*
 * A hash table by topic, so that a list costs as much as it is long. Called by hub_presence.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/presence_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { BUCKETS = 16384 };

/* FNV-1a: topics are the plugins' to name. */
static struct presence_rows *bucket_of(const struct presence_table *table, struct span topic)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < topic.len; i++)
		hash = (hash ^ (unsigned char)topic.ptr[i]) * 0x100000001b3;
	return &table->buckets[hash % BUCKETS];
}

static struct span put(char *at, struct span text)
{
	if (text.len > 0)
		memcpy(at, text.ptr, text.len);
	return (struct span){at, text.len};
}

void presence_table_add(struct presence_table *table, unsigned worker, uint64_t id,
	struct span topic, struct span label)
{
	struct presence_row *row = xcalloc(1, sizeof(*row) + topic.len + label.len);
	char *texts = (char *)(row + 1);

	if (table->buckets == NULL)
		table->buckets = xcalloc(BUCKETS, sizeof(*table->buckets));
	row->id = id;
	row->topic = put(texts, topic);
	row->label = put(texts + topic.len, label);
	LIST_INSERT_HEAD(bucket_of(table, topic), row, of_bucket);
	LIST_INSERT_HEAD(&table->of_worker[worker], row, of_worker);
	table->count++;
}

void presence_table_drop(struct presence_table *table, struct presence_row *row)
{
	LIST_REMOVE(row, of_bucket);
	LIST_REMOVE(row, of_worker);
	table->count--;
	free(row);
}

void presence_table_remove(struct presence_table *table, uint64_t id, struct span topic)
{
	struct presence_row *row;

	if (table->buckets == NULL)
		return;
	LIST_FOREACH (row, bucket_of(table, topic), of_bucket)
		if (row->id == id && span_equal(row->topic, topic))
			break;
	if (row != NULL)
		presence_table_drop(table, row);
}

struct presence_row *presence_table_first(const struct presence_table *table, unsigned worker)
{
	return LIST_FIRST(&table->of_worker[worker]);
}

void presence_table_each(const struct presence_table *table, struct span topic,
	void (*visit)(void *context, const struct presence_row *row), void *context)
{
	const struct presence_row *row;

	if (table->buckets == NULL)
		return;
	LIST_FOREACH (row, bucket_of(table, topic), of_bucket)
		if (span_equal(row->topic, topic))
			visit(context, row);
}

void presence_table_fini(struct presence_table *table)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		while (presence_table_first(table, i) != NULL)
			presence_table_drop(table, presence_table_first(table, i));
	free(table->buckets);
	*table = (struct presence_table){0};
}
