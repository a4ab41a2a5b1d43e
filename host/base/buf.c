/*
 * Doubling growth, so that n appended bytes cost O(n). SPDX-License-Identifier: MIT
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

void buf_fini(struct buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

char *buf_reserve(struct buf *buf, size_t extra)
{
	size_t want = buf->len + extra;

	if (want > buf->capacity) {
		size_t capacity = buf->capacity * 2;

		if (capacity < want)
			capacity = want < 64 ? 64 : want;
		buf->data = xrealloc(buf->data, capacity);
		buf->capacity = capacity;
	}
	return buf->data + buf->len;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_reserve(buf, len), data, len);
	buf->len += len;
}

void buf_append_span(struct buf *buf, struct span s)
{
	buf_append(buf, s.ptr, s.len);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	size_t room = buf->capacity - buf->len;
	va_list args;
	int len;

	/* Most often there is room, and once is enough. */
	va_start(args, format);
	len = vsnprintf(room == 0 ? NULL : buf->data + buf->len, room, format, args);
	va_end(args);
	if (len <= 0)
		return;
	if ((size_t)len >= room) {
		buf_reserve(buf, (size_t)len + 1);
		va_start(args, format);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}
