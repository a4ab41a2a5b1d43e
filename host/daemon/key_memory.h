/*
 * Which idempotency keys were used lately, for all workers: each is claimed, then done or released.
 * Bounded in number and in time. Knows no request. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_KEY_MEMORY_H
#define SOCKLET_DAEMON_KEY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"

enum { KEY_MEMORY_MAX = 65536, KEY_MEMORY_BYTES = 32 };

struct key_entry;
TAILQ_HEAD(key_queue, key_entry);

/* Zero it; then key_memory_fini. */
struct key_memory {
	struct key_entry **buckets; /* NULL: none was ever claimed */
	struct key_queue by_age;
	size_t count;
};

/* Who has claimed it. */
struct key_claim {
	unsigned holder;
	uint64_t id;
};

enum key_state {
	KEY_NEW,  /* the claim holds */
	KEY_BUSY, /* another does */
	KEY_DONE,
};

/* The key has KEY_MEMORY_BYTES, made by a hash: any of its bits are as good as others. */
enum key_state key_memory_claim(struct key_memory *memory, struct span key,
	const struct key_claim *claim, uint64_t now_ms, uint64_t window_ms);
/* Nothing happens to a key that is another's. */
void key_memory_done(struct key_memory *memory, struct span key, const struct key_claim *claim);
void key_memory_release(struct key_memory *memory, struct span key, const struct key_claim *claim);
/* Releases all that it claims. */
void key_memory_release_all(struct key_memory *memory, unsigned holder);
void key_memory_fini(struct key_memory *memory);

#endif
