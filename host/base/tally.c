/*
 * Tables of sets with a few places each, found by the key's hash. A place is one word, key and
 * number in it, so that a reader never sees half of one. A set that is full counts no further key:
 * the memory is bounded, whatever peers send. SPDX-License-Identifier: MIT
 */
#include "base/tally.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

enum {
	PLACES = 8, /* of a set: a cache line */
	ADDRESS_SETS = 8192,
	ROUTE_SETS = 128,
	TOKEN_SETS = 8192,
	PAGE_BYTES = 4096,
	COUNT_BITS = 24, /* of a place; the rest tells keys of the same set apart */
	TIME_BITS = 44,  /* of a bucket, in 64ths of a millisecond: 8 years */
	TICKS_PER_MS = 64,
};

#define LOW(bits) ((UINT64_C(1) << (bits)) - 1)

typedef _Atomic uint64_t place;

/* On pages of its own, so that it can be given back whole. */
struct part {
	_Alignas(PAGE_BYTES) _Atomic uint64_t connections;
	place routes[ROUTE_SETS][PLACES];
	place addresses[ADDRESS_SETS][PLACES];
};

struct tally_memory {
	size_t bytes;
	unsigned part_count;
	_Atomic unsigned used; /* parts that had a worker: up to here */
	uint64_t seed;
	place tokens[TOKEN_SETS][PLACES]; /* of all workers */
	struct part parts[];
};

/* ---- memory ---------------------------------------------------------------------------------- */

struct tally_memory *tally_memory_new(unsigned parts)
{
	size_t bytes = sizeof(struct tally_memory) + parts * sizeof(struct part);
	/* Zeroed; a page exists from the first write to it. */
	struct tally_memory *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		log_error("out of memory: no %zu bytes to share, giving up", bytes);
		abort();
	}
	memory->bytes = bytes;
	memory->part_count = parts;
	arc4random_buf(&memory->seed, sizeof(memory->seed));
	return memory;
}

void tally_memory_free(struct tally_memory *memory)
{
	if (memory != NULL)
		munmap(memory, memory->bytes);
}

void tally_memory_clear(struct tally_memory *memory, unsigned part)
{
	assert(part < memory->part_count);
	if (madvise(&memory->parts[part], sizeof(struct part), MADV_REMOVE) < 0)
		memset(&memory->parts[part], 0, sizeof(struct part));
	if (atomic_load_explicit(&memory->used, memory_order_relaxed) <= part)
		atomic_store_explicit(&memory->used, part + 1, memory_order_relaxed);
}

static struct part *own_part(const struct tally *tally)
{
	return &tally->memory->parts[tally->part];
}

static unsigned used_parts(const struct tally *tally)
{
	return tally->memory == NULL
		       ? 0
		       : atomic_load_explicit(&tally->memory->used, memory_order_relaxed);
}

static uint64_t get(const place *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void set(place *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

/* ---- sockets --------------------------------------------------------------------------------- */

void tally_connect(const struct tally *tally)
{
	if (tally->memory != NULL)
		set(&own_part(tally)->connections, get(&own_part(tally)->connections) + 1);
}

void tally_disconnect(const struct tally *tally)
{
	if (tally->memory != NULL)
		set(&own_part(tally)->connections, get(&own_part(tally)->connections) - 1);
}

uint64_t tally_connections(const struct tally *tally)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < used_parts(tally); i++)
		sum += get(&tally->memory->parts[i].connections);
	return sum;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The finalizer of splitmix64: each bit of the input reaches each of the output. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t tally_key(const struct tally *tally, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t key = tally->memory == NULL ? 0 : tally->memory->seed;

	key = mix(key + len);
	while (len > 0) {
		uint64_t word = 0;
		size_t part = len < sizeof(word) ? len : sizeof(word);

		memcpy(&word, at, part);
		key = mix(key ^ word) + UINT64_C(0x9e3779b97f4a7c15);
		at += part;
		len -= part;
	}
	return key == 0 ? 1 : key;
}

static place *set_of(struct part *part, enum tally_kind kind, uint64_t key)
{
	if (kind == TALLY_ROUTES)
		return part->routes[key % ROUTE_SETS];
	return part->addresses[key % ADDRESS_SETS];
}

/* The bits of a key that are kept; the lowest have chosen the set. */
static uint64_t tag_of(uint64_t key, unsigned low_bits)
{
	return key & ~LOW(low_bits);
}

static place *find(place *places, uint64_t tag)
{
	for (int i = 0; i < PLACES; i++) {
		uint64_t value = get(&places[i]);

		if (value != 0 && (value & ~LOW(COUNT_BITS)) == tag)
			return &places[i];
	}
	return NULL;
}

static place *find_free(place *places)
{
	for (int i = 0; i < PLACES; i++)
		if (get(&places[i]) == 0)
			return &places[i];
	return NULL;
}

bool tally_add(const struct tally *tally, enum tally_kind kind, uint64_t key)
{
	uint64_t tag = tag_of(key, COUNT_BITS);
	place *places, *at;

	if (tally->memory == NULL)
		return false;
	places = set_of(own_part(tally), kind, key);
	at = find(places, tag);
	if (at == NULL)
		at = find_free(places);
	if (at == NULL || (get(at) & LOW(COUNT_BITS)) == LOW(COUNT_BITS))
		return false;
	set(at, tag | ((get(at) & LOW(COUNT_BITS)) + 1));
	return true;
}

void tally_remove(const struct tally *tally, enum tally_kind kind, uint64_t key)
{
	place *at = find(set_of(own_part(tally), kind, key), tag_of(key, COUNT_BITS));
	uint64_t count;

	assert(at != NULL);
	count = get(at) & LOW(COUNT_BITS);
	set(at, count == 1 ? 0 : get(at) - 1);
}

uint64_t tally_sum(const struct tally *tally, enum tally_kind kind, uint64_t key)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < used_parts(tally); i++) {
		const place *at = find(
			set_of(&tally->memory->parts[i], kind, key), tag_of(key, COUNT_BITS));

		if (at != NULL)
			sum += get(at) & LOW(COUNT_BITS);
	}
	return sum;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/*
 * A place holds the time at which the key's bucket is full again, as in net/throttle.c; one whose
 * time is over says nothing and is free. Without a free one that soonest full is given up: its
 * owner gets a few tokens too many, which is what a flood of addresses can gain.
 */
static place *find_bucket(place *places, uint64_t tag, uint64_t now)
{
	place *soonest = &places[0];

	for (int i = 0; i < PLACES; i++) {
		uint64_t value = get(&places[i]);

		if ((value & ~LOW(TIME_BITS)) == tag && (value & LOW(TIME_BITS)) > now)
			return &places[i];
		if ((value & LOW(TIME_BITS)) < (get(soonest) & LOW(TIME_BITS)))
			soonest = &places[i];
	}
	return soonest;
}

uint64_t tally_take_token(
	const struct tally *tally, uint64_t key, uint64_t per_s, uint64_t burst, uint64_t now_ms)
{
	uint64_t each = TICKS_PER_MS * UINT64_C(1000) / (per_s == 0 ? 1 : per_s);
	uint64_t most = each * (burst == 0 ? per_s : burst), now = now_ms * TICKS_PER_MS;
	uint64_t tag = tag_of(key, TIME_BITS), before, full;
	place *at;

	if (tally->memory == NULL)
		return 0;
	at = find_bucket(tally->memory->tokens[key % TOKEN_SETS], tag, now);
	before = get(at);
	do {
		bool is_own = (before & ~LOW(TIME_BITS)) == tag;

		full = is_own && (before & LOW(TIME_BITS)) > now ? before & LOW(TIME_BITS) : now;
		if (full + each > now + most)
			return (full + each - now - most + TICKS_PER_MS - 1) / TICKS_PER_MS;
	} while (!atomic_compare_exchange_weak_explicit(
		at, &before, tag | (full + each), memory_order_relaxed, memory_order_relaxed));
	return 0;
}
