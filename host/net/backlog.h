/*
 * Messages of a connection whose route lets them be dropped: they wait whole, apart from what is
 * leaving, so that one of them can still give way to another. What has begun to leave goes over to
 * the outbox. Exists while something waits only; NULL is an empty one. Knows no limit and no
 * policy: ws_queue.c says who goes. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_BACKLOG_H
#define SOCKLET_NET_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "net/outbox.h"

struct backlog;
struct waiting; /* one message of it */

/* What a message counts for: its frame, and no less than it costs to keep. */
enum { BACKLOG_LEAST = 64 };
size_t backlog_cost(struct span frame);
/* Of all that wait. */
size_t backlog_bytes(const struct backlog *backlog);

/* `frame` lies in the shared message, of which a reference is taken. Key 0: none. */
void backlog_add(
	struct backlog **backlog, struct ws_shared *shared, struct span frame, uint64_t key);
/* The message of that key; NULL: none waits. */
struct waiting *backlog_find(struct backlog *backlog, uint64_t key);
size_t backlog_cost_of(const struct waiting *waiting);
/* Puts another message into its place in the queue. */
void backlog_replace(struct backlog *backlog, struct waiting *waiting, struct ws_shared *shared,
	struct span frame);
/* Drops the oldest message but `keep`, which may be NULL. False: there is none. */
bool backlog_drop_oldest(struct backlog **backlog, const struct waiting *keep);

/* As outbox_peek. */
size_t backlog_peek(const struct backlog *backlog, struct iovec *iov, size_t max);
/*
 * The first `bytes` of what backlog_peek pointed at have left. Of a message that has begun the rest
 * is put into the outbox, which is empty.
 */
void backlog_consume(
	struct backlog **backlog, struct outbox *outbox, struct outbox_pool *pool, size_t bytes);
/* Puts all of it into the outbox: from now on nothing of it can be dropped. */
void backlog_commit(struct backlog **backlog, struct outbox *outbox, struct outbox_pool *pool);
void backlog_free(struct backlog *backlog);

#endif
