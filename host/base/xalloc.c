/*
 * The checks behind xalloc.h; nothing to decide here. SPDX-License-Identifier: MIT
 */
#include "base/xalloc.h"

#include <string.h>

#include "base/log.h"

static void *check(void *memory, size_t size)
{
	if (memory == NULL && size > 0) {
		log_error("out of memory: could not get %zu bytes, giving up", size);
		abort();
	}
	return memory;
}

void *xmalloc(size_t size)
{
	return check(malloc(size), size);
}

void *xcalloc(size_t count, size_t size)
{
	return check(calloc(count, size), count * size);
}

void *xrealloc(void *old, size_t size)
{
	return check(realloc(old, size), size);
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}
