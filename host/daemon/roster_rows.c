/*
 * A sorted array: most come at its end. Who leaves leaves a gap, so that nobody moves; gaps are
 * closed when there are more of them than members. Called by roster.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/roster_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "daemon/presence_table.h"

enum { FEW = 64 };

void roster_rows_fini(struct roster_rows *rows)
{
	free(rows->items);
	*rows = (struct roster_rows){0};
}

/* The finalizer of splitmix64: numbers in a row add up to what tells nothing of them. */
uint64_t roster_digest_of(uint64_t born)
{
	born = (born ^ born >> 30) * 0xbf58476d1ce4e5b9;
	born = (born ^ born >> 27) * 0x94d049bb133111eb;
	return born ^ born >> 31;
}

size_t roster_rows_behind(const struct roster_rows *rows, uint64_t born)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->items[middle].born <= born)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct roster_item *item_of(const struct roster_rows *rows, uint64_t born)
{
	size_t behind = roster_rows_behind(rows, born);

	return behind > 0 && rows->items[behind - 1].born == born ? &rows->items[behind - 1] : NULL;
}

struct presence_row *roster_rows_find(const struct roster_rows *rows, uint64_t born)
{
	const struct roster_item *item = item_of(rows, born);

	return item == NULL ? NULL : item->row;
}

static void close_gaps(struct roster_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].row != NULL)
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
}

static void make_room(struct roster_rows *rows)
{
	if (rows->count > 2 * rows->live + FEW)
		close_gaps(rows);
	if (rows->count < rows->capacity)
		return;
	rows->capacity = rows->capacity == 0 ? FEW : 2 * rows->capacity;
	rows->items = xrealloc(rows->items, rows->capacity * sizeof(*rows->items));
}

void roster_rows_put(struct roster_rows *rows, struct presence_row *row)
{
	struct roster_item *item = item_of(rows, row->born);
	size_t at;

	rows->live++;
	rows->digest += roster_digest_of(row->born);
	if (item != NULL) {
		assert(item->row == NULL);
		item->row = row;
		return;
	}
	make_room(rows);
	at = roster_rows_behind(rows, row->born);
	memmove(rows->items + at + 1, rows->items + at, (rows->count - at) * sizeof(*rows->items));
	rows->items[at] = (struct roster_item){row->born, row};
	rows->count++;
}

void roster_rows_take(struct roster_rows *rows, const struct presence_row *row)
{
	struct roster_item *item = item_of(rows, row->born);

	assert(item != NULL && item->row == row);
	item->row = NULL;
	rows->live--;
	rows->digest -= roster_digest_of(row->born);
	while (rows->count > 0 && rows->items[rows->count - 1].row == NULL)
		rows->count--;
}

struct presence_row *roster_rows_last(const struct roster_rows *rows)
{
	return rows->count == 0 ? NULL : rows->items[rows->count - 1].row;
}
