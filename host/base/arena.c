/*
 * Blocks of at least 256 bytes, doubling to 64 KiB, so that an arena of a few strings costs one
 * malloc and a large one few. Pieces are never given back one by one.
 * SPDX-License-Identifier: MIT
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define BLOCK_MIN ((size_t)256)
#define BLOCK_MAX ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

void arena_fini(struct arena *arena)
{
	struct arena_block *block = arena->head, *next;

	for (; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	arena->head = NULL;
}

static void push_block(struct arena *arena, size_t size)
{
	struct arena_block *block = xcalloc(1, sizeof(*block) + size);

	block->size = size;
	block->next = arena->head;
	arena->head = block;
}

static struct arena_block *add_block(struct arena *arena, size_t want)
{
	size_t size = arena->head == NULL ? BLOCK_MIN : arena->head->size * 2;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < BLOCK_MIN)
		size = BLOCK_MIN;
	if (size < want)
		size = want;
	push_block(arena, size);
	return arena->head;
}

void arena_reserve(struct arena *arena, size_t size)
{
	if (arena->head == NULL)
		push_block(arena, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	size_t align = _Alignof(max_align_t);
	size_t rounded = (size + align - 1) & ~(align - 1);
	void *piece;

	if (block == NULL || block->size - block->used < rounded)
		block = add_block(arena, rounded);
	piece = block->data + block->used;
	block->used += rounded;
	return piece;
}

char *arena_text(struct arena *arena, const char *ptr, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, ptr, len);
	return copy;
}

struct span arena_span(struct arena *arena, struct span s)
{
	return s.len == 0 ? SPAN("") : (struct span){arena_text(arena, s.ptr, s.len), s.len};
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	int len;
	char *text;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		len = 0;
	text = arena_alloc(arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
