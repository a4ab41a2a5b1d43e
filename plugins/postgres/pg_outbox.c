/*
 * One transaction at a time, so that what comes meanwhile shares the next: the more is published,
 * the more there is for each commit. Sent once too often does no harm, as the other hosts know
 * messages by their numbers. Called by postgres.c. SPDX-License-Identifier: MIT
 */
#include "pg_outbox.h"

#include <stdlib.h>
#include <string.h>

#include "pg_note.h"

enum {
	OUTBOX_MAX_BYTES = 4 << 20, /* and one message more */
	BATCH_MAX_BYTES = 1 << 20,
	BATCH_MAX = 256,
};

struct pg_parcel {
	TAILQ_ENTRY(pg_parcel) next;
	char *note;
	size_t bytes;
	bool has_row;
	struct sl_str data; /* of the row */
	char room[];
};

void pg_outbox_init(struct pg_outbox *outbox)
{
	TAILQ_INIT(&outbox->parcels);
}

static void drop_first(struct pg_outbox *outbox)
{
	struct pg_parcel *parcel = TAILQ_FIRST(&outbox->parcels);

	TAILQ_REMOVE(&outbox->parcels, parcel, next);
	outbox->bytes -= parcel->bytes;
	free(parcel->note);
	free(parcel);
}

void pg_outbox_fini(struct pg_outbox *outbox)
{
	while (!TAILQ_EMPTY(&outbox->parcels))
		drop_first(outbox);
}

static struct pg_parcel *parcel_new(const struct sl_bus_message *message)
{
	const bool has_row = pg_note_needs_row(message);
	const size_t len = has_row ? message->data.len : 0;
	struct pg_parcel *parcel = malloc(sizeof(*parcel) + len);
	char *note = pg_note_write(message);

	if (parcel == NULL || note == NULL) {
		free(parcel);
		free(note);
		return NULL;
	}
	*parcel = (struct pg_parcel){.note = note, .has_row = has_row};
	parcel->data = (struct sl_str){parcel->room, len};
	parcel->bytes = sizeof(*parcel) + len + strlen(note) + 1;
	if (len > 0)
		memcpy(parcel->room, message->data.ptr, len);
	return parcel;
}

int pg_outbox_take(struct pg_outbox *outbox, const struct sl_bus_message *message)
{
	struct pg_parcel *parcel;

	outbox->was_full = outbox->bytes >= OUTBOX_MAX_BYTES;
	if (outbox->was_full)
		return SL_FULL;
	parcel = parcel_new(message);
	if (parcel == NULL)
		return SL_INVALID;
	TAILQ_INSERT_TAIL(&outbox->parcels, parcel, next);
	outbox->bytes += parcel->bytes;
	return SL_OK;
}

static void send_one(const struct pg_parcel *parcel, struct pg_link *link)
{
	const struct pg_value values[] = {
		{parcel->note, strlen(parcel->note), false},
		{parcel->data.ptr, parcel->data.len, true},
	};

	pg_link_run(link, PG_PUBLISH, parcel->has_row ? "row" : "note", values,
		parcel->has_row ? 2 : 1);
}

void pg_outbox_send(struct pg_outbox *outbox, struct pg_link *link)
{
	const struct pg_parcel *parcel = TAILQ_FIRST(&outbox->parcels);
	size_t bytes = 0;

	if (outbox->sent > 0 || parcel == NULL || !pg_link_has_room(link, BATCH_MAX))
		return;
	for (; parcel != NULL && outbox->sent < BATCH_MAX; parcel = TAILQ_NEXT(parcel, next)) {
		bytes += parcel->bytes;
		if (outbox->sent > 0 && bytes > BATCH_MAX_BYTES)
			break;
		send_one(parcel, link);
		outbox->sent++;
	}
	pg_link_end(link, PG_PUBLISH);
}

bool pg_outbox_confirm(struct pg_outbox *outbox)
{
	const bool was_full = outbox->was_full;

	for (; outbox->sent > 0; outbox->sent--)
		drop_first(outbox);
	outbox->was_refused = false;
	outbox->was_full = was_full && outbox->bytes >= OUTBOX_MAX_BYTES;
	return was_full && !outbox->was_full;
}

void pg_outbox_push_out(struct pg_outbox *outbox, struct pg_link *link)
{
	do {
		pg_outbox_confirm(outbox);
		pg_outbox_send(outbox, link);
	} while (outbox->sent > 0);
	pg_link_flush(link);
}

void pg_outbox_rewind(struct pg_outbox *outbox)
{
	outbox->sent = 0;
}

unsigned pg_outbox_refuse(struct pg_outbox *outbox)
{
	const unsigned count = outbox->was_refused ? outbox->sent : 0;

	if (outbox->was_refused)
		pg_outbox_confirm(outbox);
	else
		outbox->was_refused = true;
	return count;
}
