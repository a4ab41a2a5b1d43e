/*
 * A block lies at a multiple of its size, so that an object's address tells whose it is. Objects
 * come from one block until it is full, and of the others from the one that had room last: those
 * that are nearly empty have time to become so. One empty block is kept, so that a single object
 * that comes and goes makes no system calls. SPDX-License-Identifier: MIT
 */
#include "base/slab.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/xalloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER true
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER false
#endif

/* An object that was given back. */
struct gap {
	struct gap *next;
};

struct slab_block {
	_Alignas(64) struct slab *slab;
	LIST_ENTRY(slab_block) link; /* of `open`, while it has room */
	struct gap *gaps;
	uint32_t used;  /* objects */
	uint32_t fresh; /* behind these nothing was ever written */
	_Alignas(64) char objects[];
};

void slab_init(struct slab *slab, size_t size)
{
	assert(size > 0 && size <= SLAB_OBJECT_MAX);
	*slab = (struct slab){.size = (size + 7) & ~(size_t)7, .is_malloc = HAS_SANITIZER};
	LIST_INIT(&slab->open);
}

static uint32_t capacity(const struct slab *slab)
{
	return (uint32_t)((SLAB_BLOCK - sizeof(struct slab_block)) / slab->size);
}

static char *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		log_error("out of memory: could not map %zu bytes, giving up", size);
		abort();
	}
	return memory;
}

/*
 * The kernel aligns to pages only: twice as much holds an aligned block, and the rest goes back. Of
 * two the upper one is kept, as Linux puts the next below.
 */
static struct slab_block *map_block(void)
{
	char *memory = map(2 * (size_t)SLAB_BLOCK);
	size_t behind = (uintptr_t)memory % SLAB_BLOCK, before = SLAB_BLOCK - behind;

	munmap(memory, before);
	if (behind > 0)
		munmap(memory + before + SLAB_BLOCK, behind);
	return (struct slab_block *)(void *)(memory + before);
}

static void add_block(struct slab *slab)
{
	struct slab_block *block = map_block();

	block->slab = slab;
	LIST_INSERT_HEAD(&slab->open, block, link);
	slab->block_count++;
}

static void drop_block(struct slab *slab, struct slab_block *block)
{
	LIST_REMOVE(block, link);
	slab->block_count--;
	munmap(block, SLAB_BLOCK);
}

void slab_fini(struct slab *slab)
{
	assert(slab->count == 0);
	while (!LIST_EMPTY(&slab->open))
		drop_block(slab, LIST_FIRST(&slab->open));
}

void *slab_alloc(struct slab *slab)
{
	struct slab_block *block;
	struct gap *gap;

	slab->count++;
	if (slab->is_malloc)
		return xcalloc(1, slab->size);
	if (LIST_EMPTY(&slab->open))
		add_block(slab);
	block = LIST_FIRST(&slab->open);
	if (++block->used == capacity(slab))
		LIST_REMOVE(block, link);
	gap = block->gaps;
	if (gap == NULL)
		return block->objects + slab->size * block->fresh++;
	block->gaps = gap->next;
	return memset(gap, 0, slab->size);
}

static bool is_spare(const struct slab *slab, const struct slab_block *block)
{
	return LIST_FIRST(&slab->open) == block && LIST_NEXT(block, link) == NULL;
}

void slab_free(struct slab *slab, void *object)
{
	struct slab_block *block;
	struct gap *gap = object;

	if (object == NULL)
		return;
	slab->count--;
	if (slab->is_malloc) {
		free(object);
		return;
	}
	block = (struct slab_block *)((uintptr_t)object & ~(uintptr_t)(SLAB_BLOCK - 1));
	assert(block->slab == slab && block->used > 0);
	gap->next = block->gaps;
	block->gaps = gap;
	if (block->used-- == capacity(slab))
		LIST_INSERT_HEAD(&slab->open, block, link);
	if (block->used == 0 && !is_spare(slab, block))
		drop_block(slab, block);
}
