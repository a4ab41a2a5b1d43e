/*
 * A growable run of bytes with one owner. Zero it, append, buf_fini. The caller holds it to its
 * limit before appending. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_BUF_H
#define SOCKLET_BASE_BUF_H

#include <stddef.h>

#include "base/span.h"

struct buf {
	char *data;
	size_t len, capacity; /* bytes */
};

void buf_fini(struct buf *buf);
/* Room for `extra` more bytes behind len; returns where they start. Does not change len. */
char *buf_reserve(struct buf *buf, size_t extra);
void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_span(struct buf *buf, struct span s);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct span buf_span(const struct buf *buf)
{
	return (struct span){buf->data, buf->len};
}

#endif
