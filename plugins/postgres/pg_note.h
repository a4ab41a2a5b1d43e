/*
 * The text of a NOTIFY: one published message, or where its data are. ASCII whatever the encoding
 * of the database, as a NOTIFY can hold neither NUL nor bytes that are none of its characters:
 *
 *	=BASE64		head of the bus, length of the topic (a byte), topic, data
 *	@ROW=BASE64	the same without data: they are in that row of the table
 *	#ORDER-NUMBER=BASE64	of a topic that is kept; with '@' before the '=' without data
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PG_NOTE_H
#define PG_NOTE_H

#include <socklet_bus.h>

enum {
	PG_NOTE_MAX = 7999, /* what a NOTIFY takes */
	PG_NOTE_ROOM = PG_NOTE_MAX / 4 * 3 - 3,
	PG_NOTE_TOPIC_MAX = 255,
	PG_NOTE_POSITION_ROOM = 30, /* of bytes that would be BASE64 */
};

/* Whether the data are to go into a row. */
bool pg_note_needs_row(const struct sl_bus_message *message);
/* Of what is kept: all data are in a row, but need not be fetched from there. */
bool pg_note_needs_kept_row(const struct sl_bus_message *message);

/*
 * With a NUL at its end; the caller's, by free. Where a row is needed it begins at the '=', and
 * the statement that makes the row puts "@ROW" before it.
 */
char *pg_note_write(const struct sl_bus_message *message);
/* The same for what is kept: the statement puts the position before it. */
char *pg_note_write_kept(const struct sl_bus_message *message);

/*
 * `bytes` holds what topic and data point into. *row is -1 when the data are in the note; of what
 * is kept it is the number. False: no host wrote that.
 */
bool pg_note_read(
	struct sl_bus_message *out, int64_t *row, char bytes[PG_NOTE_MAX + 1], const char *note);

#endif
