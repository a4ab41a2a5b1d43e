/*
 * How many subscriptions other workers have to which filters, as they told: a number for each
 * source and filter, and the sum of what matches a name. Knows neither who the sources are nor how
 * they tell; one thread. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_COUNTS_H
#define SOCKLET_TOPIC_TOPIC_COUNTS_H

#include "topic/topic_tree.h"

enum {
	TOPIC_COUNTS_SOURCES = 64,
	TOPIC_COUNTS_MAX = 65536, /* filters of one source */
};

struct topic_counted;
struct topic_part;
LIST_HEAD(topic_parts, topic_part);

struct topic_source {
	struct topic_parts parts;
	size_t filters;
};

/* Zero it; topic_counts_init; topic_counts_fini. */
struct topic_counts {
	struct topic_tree tree; /* each filter is one member, subscribed to itself */
	struct topic_counted **buckets;
	size_t bucket_count, filter_count;
	struct topic_source sources[TOPIC_COUNTS_SOURCES];
};

void topic_counts_init(struct topic_counts *counts);
void topic_counts_fini(struct topic_counts *counts);

/*
 * The filter was checked. False: that changed nothing, as it was told before, or the source has
 * TOPIC_COUNTS_MAX others already.
 */
bool topic_counts_set(
	struct topic_counts *counts, unsigned source, struct span filter, uint64_t count);
/* It has none any more. */
void topic_counts_forget(struct topic_counts *counts, unsigned source);
bool topic_counts_is_full(const struct topic_counts *counts, unsigned source);
/* Of all sources and all filters that match a name. */
uint64_t topic_counts_sum(const struct topic_counts *counts, struct span name);
/* Calls visit for each filter of the source; visit must not change the table. */
void topic_counts_each(const struct topic_counts *counts, unsigned source,
	void (*visit)(void *context, struct span filter, size_t count), void *context);

#endif
