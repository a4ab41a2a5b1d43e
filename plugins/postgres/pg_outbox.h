/*
 * What is to be published: gathered while a transaction is under way, which takes along all there
 * is, and kept until its end is confirmed. A connection that breaks loses nothing of it.
 * SPDX-License-Identifier: MIT
 */
#ifndef PG_OUTBOX_H
#define PG_OUTBOX_H

#include <sys/queue.h>

#include "pg_link.h"

struct pg_parcel;

/* Zero it, then pg_outbox_init. */
struct pg_outbox {
	TAILQ_HEAD(pg_parcels, pg_parcel) parcels;
	size_t bytes;
	unsigned sent; /* of the first: not confirmed yet */
	bool was_full, was_refused;
};

void pg_outbox_init(struct pg_outbox *outbox);
void pg_outbox_fini(struct pg_outbox *outbox);
/* SL_OK, SL_FULL, SL_INVALID. Copies. */
int pg_outbox_take(struct pg_outbox *outbox, const struct sl_bus_message *message);
/* Unless a transaction is under way already. */
void pg_outbox_send(struct pg_outbox *outbox, struct pg_link *link);
/* The last chance: sends all there is, and takes it for confirmed. */
void pg_outbox_push_out(struct pg_outbox *outbox, struct pg_link *link);
/* True: there is room again for somebody who was told SL_FULL. */
bool pg_outbox_confirm(struct pg_outbox *outbox);
/* The connection broke: all of it is to be sent once more. */
void pg_outbox_rewind(struct pg_outbox *outbox);
/* The server said no to what was sent. The second time it is given up; returns how many. */
unsigned pg_outbox_refuse(struct pg_outbox *outbox);

#endif
