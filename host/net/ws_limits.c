/*
 * Found by a hash of their bytes, so that ten thousand routes with limits of their own make no
 * handshake dearer. SPDX-License-Identifier: MIT
 */
#include "net/ws_limits.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct ws_limits_entry {
	struct transport_limits limits; /* the first member */
	unsigned refs;
	LIST_ENTRY(ws_limits_entry) link;
};

static struct ws_limits_bucket *bucket_of(
	struct ws_limits *all, const struct transport_limits *limits)
{
	uint64_t words[sizeof(*limits) / sizeof(uint64_t)], hash = 0;

	memcpy(words, limits, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15u;
	return &all->buckets[(hash >> 32) % WS_LIMITS_BUCKETS];
}

const struct transport_limits *ws_limits_take(
	struct ws_limits *all, const struct transport_limits *wanted)
{
	struct ws_limits_bucket *bucket = bucket_of(all, wanted);
	struct ws_limits_entry *entry;

	LIST_FOREACH (entry, bucket, link) {
		if (memcmp(&entry->limits, wanted, sizeof(*wanted)) != 0)
			continue;
		entry->refs++;
		return &entry->limits;
	}
	entry = xmalloc(sizeof(*entry));
	*entry = (struct ws_limits_entry){.limits = *wanted, .refs = 1};
	LIST_INSERT_HEAD(bucket, entry, link);
	return &entry->limits;
}

void ws_limits_put(const struct transport_limits *limits)
{
	struct ws_limits_entry *entry = (struct ws_limits_entry *)(uintptr_t)limits;

	if (entry == NULL || --entry->refs > 0)
		return;
	LIST_REMOVE(entry, link);
	free(entry);
}
