/*
 * Small messages share pooled chunks of one page, so that steady traffic calls no malloc; what is
 * larger than a few pages gets one block of its own size. SPDX-License-Identifier: MIT
 */
#include "net/outbox.h"

#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"

struct chunk {
	struct chunk *next;
	size_t begin, end, capacity; /* of data; begin to end is queued */
	uint8_t data[];
};

enum { TRIM_CHUNKS = 8192 }; /* a peak below, 32 MiB of small ones, is not worth it */

#define POOLED_CAPACITY (OUTBOX_CHUNK - sizeof(struct chunk))

void outbox_pool_fini(struct outbox_pool *pool)
{
	struct chunk *chunk;

	assert(pool->used_count == 0);
	while ((chunk = pool->free) != NULL) {
		pool->free = chunk->next;
		free(chunk);
	}
	pool->free_count = 0;
}

static struct chunk *chunk_get(struct outbox_pool *pool, size_t want)
{
	size_t capacity = want >= OUTBOX_OWN_CHUNK ? want : POOLED_CAPACITY;
	struct chunk *chunk = pool->free;

	pool->used_count++;
	if (pool->used_count > pool->peak_count)
		pool->peak_count = pool->used_count;
	if (capacity == POOLED_CAPACITY && chunk != NULL) {
		pool->free = chunk->next;
		pool->free_count--;
	} else {
		chunk = xmalloc(sizeof(*chunk) + capacity);
		chunk->capacity = capacity;
	}
	chunk->next = NULL;
	chunk->begin = chunk->end = 0;
	return chunk;
}

/*
 * The allocator keeps what lies between chunks still in use: queues of peers that do not read would
 * stay resident for good after those peers have gone. It looks at all it has each time it is asked,
 * so it is asked only when most of a peak is over.
 */
static void let_go(struct outbox_pool *pool)
{
	if (pool->peak_count < TRIM_CHUNKS || pool->used_count > pool->peak_count / 4)
		return;
	pool->peak_count = pool->used_count;
	malloc_trim(0);
}

static void chunk_put(struct outbox_pool *pool, struct chunk *chunk)
{
	pool->used_count--;
	if (chunk->capacity != POOLED_CAPACITY || pool->free_count == OUTBOX_POOL_CHUNKS) {
		free(chunk);
		let_go(pool);
		return;
	}
	chunk->next = pool->free;
	pool->free = chunk;
	pool->free_count++;
}

static struct chunk *add_chunk(struct outbox *outbox, struct outbox_pool *pool, size_t want)
{
	struct chunk *chunk = chunk_get(pool, want);

	if (outbox->tail == NULL)
		outbox->head = chunk;
	else
		outbox->tail->next = chunk;
	outbox->tail = chunk;
	return chunk;
}

void outbox_append(struct outbox *outbox, struct outbox_pool *pool, struct span data)
{
	struct chunk *chunk = outbox->tail;

	while (data.len > 0) {
		size_t part;

		if (chunk == NULL || chunk->end == chunk->capacity)
			chunk = add_chunk(outbox, pool, data.len);
		part = chunk->capacity - chunk->end;
		if (part > data.len)
			part = data.len;
		memcpy(chunk->data + chunk->end, data.ptr, part);
		chunk->end += part;
		outbox->bytes += part;
		data = span_from(data, part);
	}
}

size_t outbox_peek(const struct outbox *outbox, struct iovec *iov, size_t max)
{
	struct chunk *chunk = outbox->head;
	size_t count = 0;

	for (; chunk != NULL && count < max; chunk = chunk->next)
		iov[count++] = (struct iovec){
			chunk->data + chunk->begin, chunk->end - chunk->begin};
	return count;
}

void outbox_consume(struct outbox *outbox, struct outbox_pool *pool, size_t bytes)
{
	assert(bytes <= outbox->bytes);
	outbox->bytes -= bytes;
	while (bytes > 0) {
		struct chunk *chunk = outbox->head;
		size_t part = chunk->end - chunk->begin;

		if (bytes < part) {
			chunk->begin += bytes;
			return;
		}
		bytes -= part;
		outbox->head = chunk->next;
		if (outbox->head == NULL)
			outbox->tail = NULL;
		chunk_put(pool, chunk);
	}
}

void outbox_clear(struct outbox *outbox, struct outbox_pool *pool)
{
	outbox_consume(outbox, pool, outbox->bytes);
}
