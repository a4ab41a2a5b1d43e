/*
 * The members of one other host, in the order in which they came there, with a digest that tells
 * whether they are those that it has. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ROSTER_ROWS_H
#define SOCKLET_DAEMON_ROSTER_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct presence_row;

struct roster_item {
	uint64_t born;
	struct presence_row *row; /* NULL: gone */
};

/* Zero it; then roster_rows_fini. The rows are the table's. */
struct roster_rows {
	struct roster_item *items; /* by `born` */
	size_t count, capacity;
	size_t live; /* of them */
	uint64_t digest;
};

enum { ROSTER_ITEM_BYTES = 2 * sizeof(struct roster_item) }; /* the room of one, at most */

void roster_rows_fini(struct roster_rows *rows);
/* The first item behind `born`; rows->count: there is none. */
size_t roster_rows_behind(const struct roster_rows *rows, uint64_t born);
/* NULL: it is not there. */
struct presence_row *roster_rows_find(const struct roster_rows *rows, uint64_t born);
/* It is not there yet. */
void roster_rows_put(struct roster_rows *rows, struct presence_row *row);
/* It is there. Moves no item. */
void roster_rows_take(struct roster_rows *rows, const struct presence_row *row);
/* Any row; NULL: there is none. */
struct presence_row *roster_rows_last(const struct roster_rows *rows);
/* What one member adds to a digest: a sum, modulo 2 to the power of 64. */
uint64_t roster_digest_of(uint64_t born);

#endif
