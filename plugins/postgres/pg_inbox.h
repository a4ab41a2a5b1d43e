/*
 * What came, in its order: a message whose data are in a row holds up those behind it until the
 * row is there. SPDX-License-Identifier: MIT
 */
#ifndef PG_INBOX_H
#define PG_INBOX_H

#include <sys/queue.h>

#include "pg_filters.h"
#include "pg_link.h"

struct pg_letter;

/* Zero it, then pg_inbox_init. */
struct pg_inbox {
	struct pg_link *link;
	const struct pg_filters *filters;
	TAILQ_HEAD(pg_letters, pg_letter) letters;
	size_t bytes;
	bool is_fetching;    /* the row of the first */
	bool is_prepared;    /* the statement for rows of what is kept, */
	const char *history; /* in that table */
};

void pg_inbox_init(struct pg_inbox *inbox, struct pg_link *link, const struct pg_filters *filters);
void pg_inbox_fini(struct pg_inbox *inbox);
/* What no host wrote, what is our own and what nobody wants here is passed over. */
void pg_inbox_take(struct pg_inbox *inbox, const char *note);
/* The row that was asked for: the host gets it, if it is there still. */
void pg_inbox_fetched(struct pg_inbox *inbox, const PGresult *result);
/* Hands on what can be, asks for a row that is needed, if there is a connection. */
void pg_inbox_go_on(struct pg_inbox *inbox);
/* The connection broke: the row is to be asked for once more. */
void pg_inbox_rewind(struct pg_inbox *inbox);

#endif
