/*
 * A list in the order of sending, and a hash table of those with a key: a crowd of keys must not
 * make each replacement a walk. A message is 48 bytes here besides its block, which is why a small
 * one counts for more than its frame. SPDX-License-Identifier: MIT
 */
#include "net/backlog.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/xalloc.h"

struct waiting {
	STAILQ_ENTRY(waiting) next;
	struct waiting *next_in_bucket;
	struct ws_shared *shared;
	struct span frame;
	uint64_t key; /* 0: none, and in no bucket */
};

struct backlog {
	STAILQ_HEAD(, waiting) queue;
	size_t bytes;
	struct waiting **buckets; /* NULL while no message had a key */
	size_t bucket_count, keyed_count;
};

enum { FIRST_BUCKETS = 16 };

size_t backlog_cost(struct span frame)
{
	return frame.len < BACKLOG_LEAST ? BACKLOG_LEAST : frame.len;
}

size_t backlog_bytes(const struct backlog *backlog)
{
	return backlog == NULL ? 0 : backlog->bytes;
}

size_t backlog_cost_of(const struct waiting *waiting)
{
	return backlog_cost(waiting->frame);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Keys are a plugin's: counted up, multiples of something, hashes. */
static struct waiting **bucket_of(const struct backlog *backlog, uint64_t key)
{
	uint64_t mixed = key * 0x9e3779b97f4a7c15u;

	return &backlog->buckets[(mixed >> 32) & (backlog->bucket_count - 1)];
}

static void put_into_bucket(struct backlog *backlog, struct waiting *waiting)
{
	struct waiting **bucket = bucket_of(backlog, waiting->key);

	waiting->next_in_bucket = *bucket;
	*bucket = waiting;
}

static void grow(struct backlog *backlog)
{
	struct waiting *waiting;

	free(backlog->buckets);
	backlog->bucket_count = backlog->bucket_count == 0 ? FIRST_BUCKETS
							   : backlog->bucket_count * 2;
	backlog->buckets = xcalloc(backlog->bucket_count, sizeof(struct waiting *));
	STAILQ_FOREACH (waiting, &backlog->queue, next)
		if (waiting->key != 0)
			put_into_bucket(backlog, waiting);
}

static void index_key(struct backlog *backlog, struct waiting *waiting)
{
	assert(backlog_find(backlog, waiting->key) == NULL);
	if (backlog->keyed_count == backlog->bucket_count)
		grow(backlog);
	put_into_bucket(backlog, waiting);
	backlog->keyed_count++;
}

static void forget_key(struct backlog *backlog, const struct waiting *waiting)
{
	struct waiting **at;

	if (waiting->key == 0)
		return;
	at = bucket_of(backlog, waiting->key);
	while (*at != waiting)
		at = &(*at)->next_in_bucket;
	*at = waiting->next_in_bucket;
	backlog->keyed_count--;
}

struct waiting *backlog_find(struct backlog *backlog, uint64_t key)
{
	struct waiting *waiting = NULL;

	if (backlog == NULL || backlog->buckets == NULL || key == 0)
		return NULL;
	waiting = *bucket_of(backlog, key);
	while (waiting != NULL && waiting->key != key)
		waiting = waiting->next_in_bucket;
	return waiting;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static struct backlog *backlog_new(void)
{
	struct backlog *backlog = xcalloc(1, sizeof(*backlog));

	STAILQ_INIT(&backlog->queue);
	return backlog;
}

void backlog_add(
	struct backlog **backlog, struct ws_shared *shared, struct span frame, uint64_t key)
{
	struct waiting *waiting = xmalloc(sizeof(*waiting));

	if (*backlog == NULL)
		*backlog = backlog_new();
	*waiting = (struct waiting){.shared = ws_shared_ref(shared), .frame = frame, .key = key};
	if (key != 0)
		index_key(*backlog, waiting);
	STAILQ_INSERT_TAIL(&(*backlog)->queue, waiting, next);
	(*backlog)->bytes += backlog_cost(frame);
}

void backlog_replace(struct backlog *backlog, struct waiting *waiting, struct ws_shared *shared,
	struct span frame)
{
	backlog->bytes = backlog->bytes - backlog_cost(waiting->frame) + backlog_cost(frame);
	ws_shared_ref(shared);
	ws_shared_unref(waiting->shared);
	waiting->shared = shared;
	waiting->frame = frame;
}

/* Off the list already. */
static void waiting_free(struct backlog *backlog, struct waiting *waiting)
{
	forget_key(backlog, waiting);
	backlog->bytes -= backlog_cost(waiting->frame);
	ws_shared_unref(waiting->shared);
	free(waiting);
}

static void free_empty(struct backlog **backlog)
{
	if (!STAILQ_EMPTY(&(*backlog)->queue))
		return;
	assert((*backlog)->bytes == 0 && (*backlog)->keyed_count == 0);
	free((*backlog)->buckets);
	free(*backlog);
	*backlog = NULL;
}

static void drop_first(struct backlog **backlog)
{
	struct waiting *first = STAILQ_FIRST(&(*backlog)->queue);

	STAILQ_REMOVE_HEAD(&(*backlog)->queue, next);
	waiting_free(*backlog, first);
	free_empty(backlog);
}

bool backlog_drop_oldest(struct backlog **backlog, const struct waiting *keep)
{
	struct waiting *oldest;

	if (*backlog == NULL)
		return false;
	oldest = STAILQ_FIRST(&(*backlog)->queue);
	if (oldest == keep)
		oldest = STAILQ_NEXT(oldest, next);
	if (oldest == NULL)
		return false;
	/* It looks for the one before it from the front, which is near. */
	STAILQ_REMOVE(&(*backlog)->queue, oldest, waiting, next);
	waiting_free(*backlog, oldest);
	free_empty(backlog);
	return true;
}

void backlog_free(struct backlog *backlog)
{
	while (backlog != NULL)
		drop_first(&backlog);
}

/* ---- leaving -------------------------------------------------------------------------------- */

size_t backlog_peek(const struct backlog *backlog, struct iovec *iov, size_t max)
{
	const struct waiting *waiting;
	size_t count = 0;

	if (backlog == NULL)
		return 0;
	STAILQ_FOREACH (waiting, &backlog->queue, next) {
		if (count == max)
			break;
		iov[count++] = (struct iovec){
			(void *)(uintptr_t)waiting->frame.ptr, waiting->frame.len};
	}
	return count;
}

void backlog_consume(
	struct backlog **backlog, struct outbox *outbox, struct outbox_pool *pool, size_t bytes)
{
	assert(bytes == 0 || outbox->bytes == 0);
	while (bytes > 0) {
		const struct waiting *first = STAILQ_FIRST(&(*backlog)->queue);
		size_t part = first->frame.len < bytes ? first->frame.len : bytes;

		if (part < first->frame.len)
			outbox_append_shared(
				outbox, pool, first->shared, span_from(first->frame, part));
		bytes -= part;
		drop_first(backlog);
	}
}

void backlog_commit(struct backlog **backlog, struct outbox *outbox, struct outbox_pool *pool)
{
	while (*backlog != NULL) {
		const struct waiting *first = STAILQ_FIRST(&(*backlog)->queue);

		outbox_append_shared(outbox, pool, first->shared, first->frame);
		drop_first(backlog);
	}
}
