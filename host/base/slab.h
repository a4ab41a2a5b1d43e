/*
 * Many objects of one size, side by side in blocks: without a header of their own, without the
 * rounding of malloc, and a block goes back to the system when its last object is gone. For what a
 * process has thousands of. One thread. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_SLAB_H
#define SOCKLET_BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Of a block; pages of it that no object has reached cost nothing. */
enum { SLAB_BLOCK = 65536, SLAB_OBJECT_MAX = 4096 };

struct slab_block;
LIST_HEAD(slab_blocks, slab_block);

struct slab {
	size_t size; /* of an object, rounded up to eight bytes */
	size_t count;
	size_t block_count;
	struct slab_blocks open; /* have room; the one that the next object comes from first */
	/*
	 * Each object is malloc's: under AddressSanitizer, which then knows of every one of them
	 * whether it is still there.
	 */
	bool is_malloc;
};

void slab_init(struct slab *slab, size_t size);
/* No object is left. */
void slab_fini(struct slab *slab);
/* Zeroed, aligned to eight bytes; to 64 if the size is a multiple of that. Never NULL. */
void *slab_alloc(struct slab *slab);
/* NULL is none. */
void slab_free(struct slab *slab, void *object);

#endif
