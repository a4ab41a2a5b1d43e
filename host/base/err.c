/*
 * The rows behind the error codes, and the list that collects complaints so that a person sees
 * all of them at once. Prints nothing: base to call return errors, net and daemon log them.
 * SPDX-License-Identifier: MIT
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"

static const struct {
	unsigned http_status, close_code;
} rows[] = {
#define ROW(code, http_status, close_code) [code] = {http_status, close_code},
	ERR_TABLE(ROW)
#undef ROW
};

unsigned err_http_status(enum err_code code)
{
	return rows[code].http_status;
}

unsigned err_close_code(enum err_code code)
{
	return rows[code].close_code;
}

void err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void err_list_fini(struct err_list *list)
{
	free(list->items);
	arena_fini(&list->arena);
	memset(list, 0, sizeof(*list));
}

void err_list_add(struct err_list *list, struct place place, const char *format, ...)
{
	va_list args;
	struct complaint *slot;

	if (list->count == ERR_LIST_MAX) {
		list->dropped++;
		return;
	}
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
		list->items = xrealloc(list->items, list->capacity * sizeof(*list->items));
	}
	slot = &list->items[list->count++];
	slot->place = place;
	if (place.file != NULL)
		slot->place.file = arena_text(&list->arena, place.file, strlen(place.file));
	va_start(args, format);
	slot->text = arena_vprintf(&list->arena, format, args);
	va_end(args);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = &((const struct complaint *)a)->place;
	const struct place *y = &((const struct complaint *)b)->place;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

void err_list_sort(struct err_list *list, size_t from)
{
	if (list->count > from)
		qsort(list->items + from, list->count - from, sizeof(*list->items), compare_places);
}

const char *complaint_line(const struct complaint *complaint, struct arena *arena)
{
	const struct place *place = &complaint->place;

	if (place->file == NULL)
		return complaint->text;
	if (place->line == 0)
		return arena_printf(arena, "%s: %s", place->file, complaint->text);
	return arena_printf(
		arena, "%s:%u:%u: %s", place->file, place->line, place->column, complaint->text);
}

/* Edit distance with swaps (Damerau, restricted), over names of at most 31 letters. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][32];
	size_t m = strlen(a), n = strlen(b);

	if (m > 31 || n > 31)
		return 99;
	for (size_t j = 0; j <= n; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[m % 3][n];
}

const char *err_nearest(const char *found, const char *const *names)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	for (; *names != NULL; names++) {
		unsigned d = distance(found, *names);

		/* A word of three letters with two changed is another word. */
		if (d < best_distance && d * 2 < strlen(found) + 1) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}
