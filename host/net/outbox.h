/*
 * What waits to be sent to one peer: bytes in order, in chunks that come from a pool of the worker
 * and go back to it. The bound is its caller's to hold. Knows no socket; conn.c sends from it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_OUTBOX_H
#define SOCKLET_NET_OUTBOX_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/span.h"

struct chunk;

enum {
	OUTBOX_CHUNK = 4096,       /* bytes of a pooled chunk, its header included */
	OUTBOX_OWN_CHUNK = 16384,  /* so many bytes at once get a chunk of their own */
	OUTBOX_POOL_CHUNKS = 1024, /* free ones kept */
};

/* One a worker. Zero it; outbox_pool_fini when all outboxes are cleared. */
struct outbox_pool {
	struct chunk *free;
	size_t free_count, used_count;
	size_t peak_count; /* of used_count, since the allocator was last asked to let go */
};

/* Zero it; outbox_clear. Holds no memory while empty. */
struct outbox {
	struct chunk *head, *tail;
	size_t bytes;
};

void outbox_pool_fini(struct outbox_pool *pool);
void outbox_append(struct outbox *outbox, struct outbox_pool *pool, struct span data);
/* Points iov at the first bytes queued; returns how many entries, at most max. */
size_t outbox_peek(const struct outbox *outbox, struct iovec *iov, size_t max);
/* Forgets the first `bytes` of those queued: they have left. */
void outbox_consume(struct outbox *outbox, struct outbox_pool *pool, size_t bytes);
void outbox_clear(struct outbox *outbox, struct outbox_pool *pool);

#endif
