/*
 * Small messages share pooled chunks of one page, so that steady traffic calls no malloc; what is
 * larger than a few pages gets one block of its own size. A reference is a piece without a block:
 * a crowd that is told one thing costs 48 bytes a head, not a page. SPDX-License-Identifier: MIT
 */
#include "net/outbox.h"

#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"

struct piece {
	struct piece *next;
	struct ws_shared *shared; /* of a reference to it; else NULL */
	const char *begin, *end;  /* what is queued */
	size_t capacity;          /* of data; 0: the bytes are elsewhere */
	char data[];
};

enum { TRIM_CHUNKS = 8192 }; /* a peak below, 32 MiB of small ones, is not worth it */

#define POOLED_CAPACITY (OUTBOX_CHUNK - sizeof(struct piece))

/* ---- the pool ------------------------------------------------------------------------------- */

static void free_all(struct piece *piece)
{
	struct piece *next;

	for (; piece != NULL; piece = next) {
		next = piece->next;
		free(piece);
	}
}

void outbox_pool_fini(struct outbox_pool *pool)
{
	assert(pool->used_count == 0);
	free_all(pool->free);
	free_all(pool->free_refs);
	*pool = (struct outbox_pool){0};
}

static struct piece *chunk_get(struct outbox_pool *pool, size_t want)
{
	size_t capacity = want >= OUTBOX_OWN_CHUNK ? want : POOLED_CAPACITY;
	struct piece *chunk = pool->free;

	pool->used_count++;
	if (pool->used_count > pool->peak_count)
		pool->peak_count = pool->used_count;
	if (capacity == POOLED_CAPACITY && chunk != NULL) {
		pool->free = chunk->next;
		pool->free_count--;
		chunk->begin = chunk->end = chunk->data;
		return chunk;
	}
	chunk = xmalloc(sizeof(*chunk) + capacity);
	*chunk = (struct piece){.begin = chunk->data, .end = chunk->data, .capacity = capacity};
	return chunk;
}

static struct piece *ref_get(struct outbox_pool *pool, struct ws_shared *shared, struct span part)
{
	struct piece *ref = pool->free_refs;

	if (ref != NULL) {
		pool->free_refs = ref->next;
		pool->free_ref_count--;
	} else {
		ref = xmalloc(sizeof(*ref));
	}
	*ref = (struct piece){.shared = shared, .begin = part.ptr, .end = part.ptr + part.len};
	return ref;
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

static void chunk_put(struct outbox_pool *pool, struct piece *chunk)
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

static void ref_put(struct outbox_pool *pool, struct piece *ref)
{
	ws_shared_unref(ref->shared);
	if (pool->free_ref_count == OUTBOX_POOL_REFS) {
		free(ref);
		return;
	}
	ref->next = pool->free_refs;
	pool->free_refs = ref;
	pool->free_ref_count++;
}

/* ---- queueing ------------------------------------------------------------------------------- */

static struct piece *add(struct outbox *outbox, struct piece *piece)
{
	struct piece *last = outbox->last;

	piece->next = last == NULL ? piece : last->next;
	if (last != NULL)
		last->next = piece;
	outbox->last = piece;
	return piece;
}

/* Behind the last byte; of a reference none. */
static size_t room_of(const struct piece *piece)
{
	return piece->capacity == 0 ? 0 : (size_t)(piece->data + piece->capacity - piece->end);
}

void outbox_append(struct outbox *outbox, struct outbox_pool *pool, struct span data)
{
	struct piece *chunk = outbox->last;

	while (data.len > 0) {
		size_t part;

		if (chunk == NULL || room_of(chunk) == 0)
			chunk = add(outbox, chunk_get(pool, data.len));
		part = room_of(chunk) < data.len ? room_of(chunk) : data.len;
		memcpy(chunk->data + (chunk->end - chunk->data), data.ptr, part);
		chunk->end += part;
		outbox->bytes += part;
		data = span_from(data, part);
	}
}

char *outbox_spare(const struct outbox *outbox, size_t most)
{
	struct piece *chunk = outbox->last;

	return chunk == NULL || room_of(chunk) < most ? NULL
						      : chunk->data + (chunk->end - chunk->data);
}

char *outbox_room(struct outbox *outbox, struct outbox_pool *pool, size_t most)
{
	char *spare;

	if (most > OUTBOX_ROOM)
		return NULL;
	spare = outbox_spare(outbox, most);
	return spare != NULL ? spare : add(outbox, chunk_get(pool, most))->data;
}

void outbox_queue(struct outbox *outbox, size_t len)
{
	outbox->last->end += len;
	outbox->bytes += len;
}

/*
 * A short queue is told from the references themselves, and leaves within the turn. One that grows
 * must not hold many times its bytes, and many short pieces make a call slower than copies do.
 */
static bool is_better_copied(const struct outbox *outbox, size_t len)
{
	if (len > OUTBOX_COPIED || outbox->last == NULL)
		return false;
	return outbox->bytes >= OUTBOX_LONG || room_of(outbox->last) >= len;
}

void outbox_append_shared(
	struct outbox *outbox, struct outbox_pool *pool, struct ws_shared *shared, struct span part)
{
	if (is_better_copied(outbox, part.len)) {
		outbox_append(outbox, pool, part);
		return;
	}
	add(outbox, ref_get(pool, ws_shared_ref(shared), part));
	outbox->bytes += part.len;
}

void outbox_append_borrowed(struct outbox *outbox, struct outbox_pool *pool, struct span data)
{
	add(outbox, ref_get(pool, NULL, data));
	outbox->bytes += data.len;
}

static bool is_borrowed(const struct piece *piece)
{
	return piece->capacity == 0 && piece->shared == NULL;
}

static void keep(struct piece *piece)
{
	struct buf copy = {0};

	buf_append(&copy, piece->begin, (size_t)(piece->end - piece->begin));
	piece->begin = copy.data;
	piece->end = copy.data + copy.len;
	piece->shared = ws_shared_adopt(&copy);
}

void outbox_keep(struct outbox *outbox)
{
	struct piece *piece = outbox->last;

	if (piece == NULL)
		return;
	do {
		piece = piece->next;
		if (is_borrowed(piece))
			keep(piece);
	} while (piece != outbox->last);
}

/* ---- leaving -------------------------------------------------------------------------------- */

size_t outbox_peek(const struct outbox *outbox, struct iovec *iov, size_t max)
{
	const struct piece *piece = outbox->last;
	size_t count = 0;

	if (piece == NULL)
		return 0;
	do {
		piece = piece->next;
		iov[count++] = (struct iovec){
			(void *)(uintptr_t)piece->begin, (size_t)(piece->end - piece->begin)};
	} while (piece != outbox->last && count < max);
	return count;
}

static struct piece *take_first(struct outbox *outbox)
{
	struct piece *first = outbox->last->next;

	if (first == outbox->last)
		outbox->last = NULL;
	else
		outbox->last->next = first->next;
	return first;
}

void outbox_consume(struct outbox *outbox, struct outbox_pool *pool, size_t bytes)
{
	assert(bytes <= outbox->bytes);
	outbox->bytes -= bytes;
	while (bytes > 0) {
		struct piece *piece = outbox->last->next;
		size_t part = (size_t)(piece->end - piece->begin);

		if (bytes < part) {
			piece->begin += bytes;
			return;
		}
		bytes -= part;
		take_first(outbox);
		if (piece->capacity > 0)
			chunk_put(pool, piece);
		else
			ref_put(pool, piece);
	}
}

void outbox_clear(struct outbox *outbox, struct outbox_pool *pool)
{
	outbox_consume(outbox, pool, outbox->bytes);
}
