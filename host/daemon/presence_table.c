/*
 * Two hash tables over the same rows, so that a list costs as much as it is long and a leave costs
 * little, however crowded its topic. Called by hub_presence.c and roster.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/presence_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { BUCKETS = 16384, ALLOCATOR_BYTES = 16 };

/* FNV-1a: topics are the plugins' to name. */
static uint64_t hash_of(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}

static uint64_t hash_topic(struct span topic)
{
	return hash_of(0xcbf29ce484222325, topic.ptr, topic.len);
}

static struct presence_rows *by_topic(const struct presence_table *table, struct span topic)
{
	return &table->by_topic[hash_topic(topic) % BUCKETS];
}

static struct presence_rows *by_member(
	const struct presence_table *table, uint64_t host, uint64_t id, struct span topic)
{
	uint64_t hash = hash_of(hash_topic(topic), &host, sizeof(host));

	return &table->by_member[hash_of(hash, &id, sizeof(id)) % BUCKETS];
}

void presence_table_init(struct presence_table *table)
{
	TAILQ_INIT(&table->of_age);
}

static struct span put(char *at, struct span text)
{
	if (text.len > 0)
		memcpy(at, text.ptr, text.len);
	return (struct span){at, text.len};
}

size_t presence_row_bytes(struct span topic, struct span label)
{
	return sizeof(struct presence_row) + ALLOCATOR_BYTES + topic.len + label.len;
}

struct presence_row *presence_table_add_other(struct presence_table *table, uint64_t host,
	uint64_t id, struct span topic, struct span label)
{
	struct presence_row *row = xcalloc(1, sizeof(*row) + topic.len + label.len);
	char *texts = (char *)(row + 1);

	if (table->by_topic == NULL) {
		table->by_topic = xcalloc(BUCKETS, sizeof(*table->by_topic));
		table->by_member = xcalloc(BUCKETS, sizeof(*table->by_member));
	}
	row->host = host;
	row->id = id;
	row->topic = put(texts, topic);
	row->label = put(texts + topic.len, label);
	LIST_INSERT_HEAD(by_topic(table, topic), row, of_topic);
	LIST_INSERT_HEAD(by_member(table, host, id, topic), row, of_member);
	return row;
}

struct presence_row *presence_table_add(struct presence_table *table, unsigned worker, uint64_t id,
	struct span topic, struct span label)
{
	struct presence_row *row = presence_table_add_other(table, 0, id, topic, label);

	LIST_INSERT_HEAD(&table->of_worker[worker], row, of_worker);
	TAILQ_INSERT_TAIL(&table->of_age, row, of_age);
	table->count++;
	return row;
}

void presence_table_drop(struct presence_table *table, struct presence_row *row)
{
	LIST_REMOVE(row, of_topic);
	LIST_REMOVE(row, of_member);
	if (row->host == 0) {
		LIST_REMOVE(row, of_worker);
		TAILQ_REMOVE(&table->of_age, row, of_age);
		table->count--;
	}
	free(row);
}

struct presence_row *presence_table_find(
	const struct presence_table *table, uint64_t host, uint64_t id, struct span topic)
{
	struct presence_row *row;

	if (table->by_member == NULL)
		return NULL;
	LIST_FOREACH (row, by_member(table, host, id, topic), of_member)
		if (row->host == host && row->id == id && span_equal(row->topic, topic))
			return row;
	return NULL;
}

struct presence_row *presence_table_first(const struct presence_table *table, unsigned worker)
{
	return LIST_FIRST(&table->of_worker[worker]);
}

void presence_table_each(const struct presence_table *table, struct span topic,
	void (*visit)(void *context, const struct presence_row *row), void *context)
{
	const struct presence_row *row;

	if (table->by_topic == NULL)
		return;
	LIST_FOREACH (row, by_topic(table, topic), of_topic)
		if (span_equal(row->topic, topic))
			visit(context, row);
}

void presence_table_fini(struct presence_table *table)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		while (presence_table_first(table, i) != NULL)
			presence_table_drop(table, presence_table_first(table, i));
	free(table->by_topic);
	free(table->by_member);
	*table = (struct presence_table){0};
}
