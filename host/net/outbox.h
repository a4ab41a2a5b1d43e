/*
 * What leaves next for one peer: bytes in order, in pieces. Bytes of its own are copied into chunks
 * that come from a pool of the worker and go back to it; of messages for many it holds references.
 * Nothing in it is ever taken back: what may still be dropped waits elsewhere. The bound is its
 * caller's to hold. Knows no socket; conn.c sends from it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_OUTBOX_H
#define SOCKLET_NET_OUTBOX_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/span.h"
#include "wire/ws_shared.h"

struct piece;

enum {
	OUTBOX_CHUNK = 4096,       /* bytes of a pooled chunk, its header included */
	OUTBOX_OWN_CHUNK = 16384,  /* so many bytes at once get a chunk of their own */
	OUTBOX_POOL_CHUNKS = 1024, /* free ones kept */
	OUTBOX_POOL_REFS = 16384,  /* the same of references, 48 bytes each */
	OUTBOX_ROOM = 1024,  /* at most in one piece; the rest of a chunk may be lost for it */
	OUTBOX_COPIED = 128, /* a shared frame up to here costs less as a copy … */
	OUTBOX_LONG = 1024,  /* … into a chunk that is there, or that many bytes want */
};

/* One a worker. Zero it; outbox_pool_fini when all outboxes are cleared. */
struct outbox_pool {
	struct piece *free, *free_refs;
	size_t free_count, free_ref_count;
	size_t used_count; /* chunks */
	size_t peak_count; /* of used_count, since the allocator was last asked to let go */
};

/* Zero it; outbox_clear. Holds no memory while empty. */
struct outbox {
	struct piece *last; /* its next is the first */
	size_t bytes;
};

void outbox_pool_fini(struct outbox_pool *pool);
void outbox_append(struct outbox *outbox, struct outbox_pool *pool, struct span data);
/* Room for so many bytes in one piece, to be written and then queued; NULL: they are too many. */
char *outbox_room(struct outbox *outbox, struct outbox_pool *pool, size_t most);
/* The same only where the last piece has so much left; NULL: it has not. */
char *outbox_spare(const struct outbox *outbox, size_t most);
void outbox_queue(struct outbox *outbox, size_t len);
/* Queues `part`, which lies in the shared message, and keeps a reference for as long as it has to.
 */
void outbox_append_shared(struct outbox *outbox, struct outbox_pool *pool, struct ws_shared *shared,
	struct span part);
/* Queues `data`, which is the caller's and stays as it is until it has left or is kept. */
void outbox_append_borrowed(struct outbox *outbox, struct outbox_pool *pool, struct span data);
/* Copies what is borrowed and has not left. */
void outbox_keep(struct outbox *outbox);
/* Points iov at the first bytes queued; returns how many entries, at most max. */
size_t outbox_peek(const struct outbox *outbox, struct iovec *iov, size_t max);
/* Forgets the first `bytes` of those queued: they have left. */
void outbox_consume(struct outbox *outbox, struct outbox_pool *pool, size_t bytes);
void outbox_clear(struct outbox *outbox, struct outbox_pool *pool);

#endif
