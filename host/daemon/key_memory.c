/*
 * A hash table whose entries also stand in the order of their claims: the oldest go first, when
 * their time is over or there are too many. Called by hub_admin.c. SPDX-License-Identifier: MIT
 */
#include "daemon/key_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { BUCKETS = 16384 };

struct key_entry {
	struct key_entry *next_in_bucket;
	TAILQ_ENTRY(key_entry) age;
	uint64_t until_ms;
	struct key_claim claim;
	bool is_done;
	char key[KEY_MEMORY_BYTES];
};

static struct key_entry **bucket_of(struct key_memory *memory, const char *key)
{
	uint32_t hash;

	memcpy(&hash, key, sizeof(hash));
	return &memory->buckets[hash % BUCKETS];
}

/* Where its pointer stands, or would. */
static struct key_entry **find(struct key_memory *memory, const char *key)
{
	struct key_entry **at = bucket_of(memory, key);

	while (*at != NULL && memcmp((*at)->key, key, KEY_MEMORY_BYTES) != 0)
		at = &(*at)->next_in_bucket;
	return at;
}

static void drop(struct key_memory *memory, struct key_entry *entry)
{
	*find(memory, entry->key) = entry->next_in_bucket;
	TAILQ_REMOVE(&memory->by_age, entry, age);
	memory->count--;
	free(entry);
}

/* A window that a reload made shorter waits behind longer ones: it is only forgotten later. */
static void forget_old(struct key_memory *memory, uint64_t now_ms)
{
	struct key_entry *entry;

	while ((entry = TAILQ_FIRST(&memory->by_age)) != NULL &&
		(entry->until_ms <= now_ms || memory->count >= KEY_MEMORY_MAX))
		drop(memory, entry);
}

static void add(struct key_memory *memory, const char *key, const struct key_claim *claim,
	uint64_t until_ms)
{
	struct key_entry *entry = xcalloc(1, sizeof(*entry)), **at = bucket_of(memory, key);

	memcpy(entry->key, key, KEY_MEMORY_BYTES);
	entry->claim = *claim;
	entry->until_ms = until_ms;
	entry->next_in_bucket = *at;
	*at = entry;
	TAILQ_INSERT_TAIL(&memory->by_age, entry, age);
	memory->count++;
}

enum key_state key_memory_claim(struct key_memory *memory, struct span key,
	const struct key_claim *claim, uint64_t now_ms, uint64_t window_ms)
{
	const struct key_entry *entry;

	assert(key.len == KEY_MEMORY_BYTES);
	if (memory->buckets == NULL) {
		memory->buckets = xcalloc(BUCKETS, sizeof(struct key_entry *));
		TAILQ_INIT(&memory->by_age);
	}
	forget_old(memory, now_ms);
	entry = *find(memory, key.ptr);
	if (entry != NULL)
		return entry->is_done ? KEY_DONE : KEY_BUSY;
	add(memory, key.ptr, claim, now_ms + window_ms);
	return KEY_NEW;
}

static struct key_entry *find_claimed(
	struct key_memory *memory, struct span key, const struct key_claim *claim)
{
	struct key_entry *entry = memory->buckets == NULL ? NULL : *find(memory, key.ptr);

	if (entry == NULL || entry->is_done || entry->claim.holder != claim->holder ||
		entry->claim.id != claim->id)
		return NULL;
	return entry;
}

void key_memory_done(struct key_memory *memory, struct span key, const struct key_claim *claim)
{
	struct key_entry *entry = find_claimed(memory, key, claim);

	if (entry != NULL)
		entry->is_done = true;
}

void key_memory_release(struct key_memory *memory, struct span key, const struct key_claim *claim)
{
	struct key_entry *entry = find_claimed(memory, key, claim);

	if (entry != NULL)
		drop(memory, entry);
}

void key_memory_release_all(struct key_memory *memory, unsigned holder)
{
	struct key_entry *entry, *next;

	for (entry = memory->buckets == NULL ? NULL : TAILQ_FIRST(&memory->by_age); entry != NULL;
		entry = next) {
		next = TAILQ_NEXT(entry, age);
		if (!entry->is_done && entry->claim.holder == holder)
			drop(memory, entry);
	}
}

void key_memory_fini(struct key_memory *memory)
{
	while (memory->count > 0)
		drop(memory, TAILQ_FIRST(&memory->by_age));
	free(memory->buckets);
	*memory = (struct key_memory){0};
}
