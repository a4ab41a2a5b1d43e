/*
 * A filter is found by its text in a hash table, to be changed, and by the names that it matches
 * in a tree, to be summed up. Its parts, one for each source, hang at the source, too, so that a
 * source goes at the cost of what it has. Called by the hub and by the workers' bus.
 * SPDX-License-Identifier: MIT
 */
#include "topic/topic_counts.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/xalloc.h"

struct topic_counted {
	struct topic_member member; /* of the tree: its one entry is this filter */
	struct topic_counted *next_in_bucket;
	struct topic_parts parts;
	uint64_t hash, sum;
	uint8_t len;
	char filter[];
};

struct topic_part {
	struct topic_counted *counted;
	LIST_ENTRY(topic_part) of_counted, of_source;
	uint64_t count;
	unsigned source;
};

/* ---- filters ---------------------------------------------------------------------------- */

static struct span filter_of(const struct topic_counted *counted)
{
	return (struct span){counted->filter, counted->len};
}

/* The seed is the tree's, as it is for the same peers that choose names. */
static uint64_t hash_of(const struct topic_counts *counts, struct span filter)
{
	uint64_t hash = counts->tree.seed;

	for (size_t i = 0; i < filter.len; i++)
		hash = (hash ^ (unsigned char)filter.ptr[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static struct topic_counted **bucket_of(const struct topic_counts *counts, uint64_t hash)
{
	return &counts->buckets[hash & (counts->bucket_count - 1)];
}

static struct topic_counted *find(const struct topic_counts *counts, struct span filter)
{
	struct topic_counted *counted;

	if (counts->filter_count == 0)
		return NULL;
	counted = *bucket_of(counts, hash_of(counts, filter));
	while (counted != NULL && !span_equal(filter_of(counted), filter))
		counted = counted->next_in_bucket;
	return counted;
}

static void link_in(struct topic_counts *counts, struct topic_counted *counted)
{
	struct topic_counted **bucket = bucket_of(counts, counted->hash);

	counted->next_in_bucket = *bucket;
	*bucket = counted;
}

static void grow(struct topic_counts *counts)
{
	struct topic_counted **old = counts->buckets, *counted, *next;
	size_t old_count = counts->bucket_count;

	counts->bucket_count = old_count == 0 ? 16 : old_count * 2;
	counts->buckets = xcalloc(counts->bucket_count, sizeof(struct topic_counted *));
	for (size_t i = 0; i < old_count; i++)
		for (counted = old[i]; counted != NULL; counted = next) {
			next = counted->next_in_bucket;
			link_in(counts, counted);
		}
	free(old);
}

static struct topic_counted *counted_new(struct topic_counts *counts, struct span filter)
{
	struct topic_counted *counted = xcalloc(1, sizeof(*counted) + filter.len);

	if (counts->filter_count == counts->bucket_count)
		grow(counts);
	counted->hash = hash_of(counts, filter);
	counted->len = (uint8_t)filter.len;
	memcpy(counted->filter, filter.ptr, filter.len);
	link_in(counts, counted);
	counts->filter_count++;
	topic_tree_subscribe(&counts->tree, &counted->member, filter, 0);
	return counted;
}

static void counted_drop(struct topic_counts *counts, struct topic_counted *counted)
{
	struct topic_counted **at = bucket_of(counts, counted->hash);

	while (*at != counted)
		at = &(*at)->next_in_bucket;
	*at = counted->next_in_bucket;
	counts->filter_count--;
	topic_tree_leave(&counts->tree, &counted->member);
	free(counted);
}

/* ---- parts ------------------------------------------------------------------------------ */

/* As many are looked through as there are sources, at most. */
static struct topic_part *part_find(const struct topic_counted *counted, unsigned source)
{
	struct topic_part *part;

	if (counted == NULL)
		return NULL;
	LIST_FOREACH (part, &counted->parts, of_counted)
		if (part->source == source)
			return part;
	return NULL;
}

static struct topic_part *part_new(
	struct topic_counts *counts, unsigned source, struct topic_counted *counted)
{
	struct topic_part *part = xcalloc(1, sizeof(*part));

	part->counted = counted;
	part->source = source;
	LIST_INSERT_HEAD(&counted->parts, part, of_counted);
	LIST_INSERT_HEAD(&counts->sources[source].parts, part, of_source);
	counts->sources[source].filters++;
	return part;
}

static void part_drop(struct topic_counts *counts, struct topic_part *part)
{
	struct topic_counted *counted = part->counted;

	LIST_REMOVE(part, of_counted);
	LIST_REMOVE(part, of_source);
	counts->sources[part->source].filters--;
	counted->sum -= part->count;
	free(part);
	if (LIST_EMPTY(&counted->parts))
		counted_drop(counts, counted);
}

/* ---- the table -------------------------------------------------------------------------- */

void topic_counts_init(struct topic_counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	topic_tree_init(&counts->tree, NULL);
}

void topic_counts_fini(struct topic_counts *counts)
{
	for (unsigned i = 0; i < TOPIC_COUNTS_SOURCES; i++)
		topic_counts_forget(counts, i);
	topic_tree_fini(&counts->tree);
	free(counts->buckets);
	memset(counts, 0, sizeof(*counts));
}

bool topic_counts_is_full(const struct topic_counts *counts, unsigned source)
{
	return counts->sources[source].filters == TOPIC_COUNTS_MAX;
}

bool topic_counts_set(
	struct topic_counts *counts, unsigned source, struct span filter, uint64_t count)
{
	struct topic_counted *counted = find(counts, filter);
	struct topic_part *part = part_find(counted, source);

	if (part == NULL && (count == 0 || topic_counts_is_full(counts, source)))
		return false;
	if (part != NULL && part->count == count)
		return false;
	if (count == 0) {
		part_drop(counts, part);
		return true;
	}
	if (counted == NULL)
		counted = counted_new(counts, filter);
	if (part == NULL)
		part = part_new(counts, source, counted);
	counted->sum += count - part->count;
	part->count = count;
	return true;
}

void topic_counts_forget(struct topic_counts *counts, unsigned source)
{
	assert(source < TOPIC_COUNTS_SOURCES);
	while (!LIST_EMPTY(&counts->sources[source].parts))
		part_drop(counts, LIST_FIRST(&counts->sources[source].parts));
}

static void add_up(void *context, struct topic_member *member)
{
	const struct topic_counted *counted = (const struct topic_counted *)member;

	*(uint64_t *)context += counted->sum;
}

uint64_t topic_counts_sum(const struct topic_counts *counts, struct span name)
{
	uint64_t sum = 0;

	if (counts->filter_count > 0)
		topic_tree_each_member(&counts->tree, name, add_up, &sum);
	return sum;
}

void topic_counts_each(const struct topic_counts *counts, unsigned source,
	void (*visit)(void *context, struct span filter, size_t count), void *context)
{
	const struct topic_part *part;

	LIST_FOREACH (part, &counts->sources[source].parts, of_source)
		visit(context, filter_of(part->counted), part->count);
}
