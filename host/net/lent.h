/*
 * The message that a plugin is being given: where it sends that on, it is queued as it lies instead
 * of a copy. Called by ws_conn.c around a long message, and by conn.c for what is sent meanwhile.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LENT_H
#define SOCKLET_NET_LENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "net/outbox.h"

enum { LENT_LEAST = 16384 }; /* bytes; from here on a copy costs more than a system call */

/* One a worker. Zero it. */
struct lent {
	struct span bytes; /* NULL: none */
	/* Where they lie in a buffer of their own: */
	struct buf *owner;
	size_t capacity;          /* of owner, before it was taken */
	struct ws_shared *shared; /* they, taken from it; NULL: nobody has wanted them yet */
	/* Or where they were received: */
	const struct outbox *reader; /* of the connection that is being read */
	size_t spare;                /* bytes right before them that nobody reads any more */
};

/* The message is all of `owner`, which is taken if somebody wants it, and emptied then. */
void lent_begin(struct lent *lent, struct buf *owner);
/*
 * It lies in the buffer that was received into. `reader` may refer to it until that is received
 * into again; others copy.
 */
void lent_begin_received(
	struct lent *lent, struct span bytes, size_t spare, const struct outbox *reader);
/* The message is valid up to here in either case. */
void lent_end(struct lent *lent);

/* Whether `data` is what was received, and to go to who sent it. */
static inline bool lent_is_echo(
	const struct lent *lent, const struct outbox *outbox, struct span data)
{
	return lent->reader == outbox && data.ptr == lent->bytes.ptr && data.len == lent->bytes.len;
}
/* Queues the echo behind its header, as one piece if the header has room there. */
void lent_echo(
	struct lent *lent, struct outbox *outbox, struct outbox_pool *pool, struct span header);
/* Queues data that is a large part of a message with an owner. False: it is not, nothing is queued.
 */
bool lent_append(
	struct lent *lent, struct outbox *outbox, struct outbox_pool *pool, struct span data);

#endif
