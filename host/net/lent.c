/*
 * A buffer is taken when the first wants it: most messages are answered by other bytes. What was
 * received for many cannot be taken, so only who is settled before the next read may refer to it.
 * SPDX-License-Identifier: MIT
 */
#include "net/lent.h"

#include <stdint.h>
#include <string.h>

void lent_begin(struct lent *lent, struct buf *owner)
{
	*lent = (struct lent){
		.bytes = buf_span(owner), .owner = owner, .capacity = owner->capacity};
}

void lent_begin_received(
	struct lent *lent, struct span bytes, size_t spare, const struct outbox *reader)
{
	*lent = (struct lent){.bytes = bytes, .reader = reader, .spare = spare};
}

void lent_end(struct lent *lent)
{
	ws_shared_unref(lent->shared);
	*lent = (struct lent){0};
}

void lent_echo(
	struct lent *lent, struct outbox *outbox, struct outbox_pool *pool, struct span header)
{
	struct span frame = lent->bytes;

	if (header.len <= lent->spare) {
		frame.ptr -= header.len;
		frame.len += header.len;
		memcpy((char *)(uintptr_t)frame.ptr, header.ptr, header.len);
		/* Once: what is sent a second time may have another one. */
		lent->spare = 0;
	} else {
		outbox_append(outbox, pool, header);
	}
	outbox_append_borrowed(outbox, pool, frame);
}

/* Not a small part, which would hold on to much that nobody counts. */
static bool holds(const struct lent *lent, struct span data)
{
	uintptr_t begin = (uintptr_t)lent->bytes.ptr, at = (uintptr_t)data.ptr;

	return data.len >= LENT_LEAST && at >= begin && at + data.len <= begin + lent->bytes.len &&
	       data.len >= lent->capacity / 2;
}

bool lent_append(
	struct lent *lent, struct outbox *outbox, struct outbox_pool *pool, struct span data)
{
	if (lent->owner == NULL || !holds(lent, data))
		return false;
	if (lent->shared == NULL)
		lent->shared = ws_shared_adopt(lent->owner);
	outbox_append_shared(outbox, pool, lent->shared, data);
	return true;
}
