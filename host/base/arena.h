/*
 * Bump allocator: many small pieces with one end of life. Zero a struct arena and use it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_ARENA_H
#define SOCKLET_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *head; /* the block being filled; older ones behind it */
};

/* Frees every piece; the arena is empty again and may be used on. */
void arena_fini(struct arena *arena);
/* An empty one: so much will be needed, in all likelihood. */
void arena_reserve(struct arena *arena, size_t size);
/* `size` zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of `len` bytes and a NUL behind them. */
char *arena_text(struct arena *arena, const char *ptr, size_t len);
/* A copy of the span, NUL behind it; an empty one takes no memory. */
struct span arena_span(struct arena *arena, struct span s);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
