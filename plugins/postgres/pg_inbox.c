/*
 * A queue of notes, empty most of the time: only behind a row that is being fetched do notes wait.
 * What it has no room for is not told of, as the host sees by the numbers that it is missing; of
 * what is kept it says so. A row of what is kept may wait until the history is asked for.
 * Called by postgres.c. SPDX-License-Identifier: MIT
 */
#include "pg_inbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_note.h"
#include "pg_store.h"

enum { INBOX_MAX_BYTES = 16 << 20 };

struct pg_letter {
	TAILQ_ENTRY(pg_letter) next;
	int64_t row; /* -1: none */
	bool is_kept;
	size_t bytes;
	char note[];
};

void pg_inbox_init(struct pg_inbox *inbox, struct pg_link *link, const struct pg_filters *filters)
{
	inbox->link = link;
	inbox->filters = filters;
	TAILQ_INIT(&inbox->letters);
}

static void drop_first(struct pg_inbox *inbox)
{
	struct pg_letter *letter = TAILQ_FIRST(&inbox->letters);

	TAILQ_REMOVE(&inbox->letters, letter, next);
	inbox->bytes -= letter->bytes;
	free(letter);
}

void pg_inbox_fini(struct pg_inbox *inbox)
{
	while (!TAILQ_EMPTY(&inbox->letters))
		drop_first(inbox);
}

/* False: there is no room. */
static bool keep(struct pg_inbox *inbox, const char *note, int64_t row)
{
	const size_t len = strlen(note) + 1, bytes = sizeof(struct pg_letter) + len;
	struct pg_letter *letter;

	if (inbox->bytes + bytes > INBOX_MAX_BYTES)
		return false;
	letter = malloc(bytes);
	if (letter == NULL)
		return false;
	letter->row = row;
	letter->is_kept = note[0] == '#';
	letter->bytes = bytes;
	memcpy(letter->note, note, len);
	TAILQ_INSERT_TAIL(&inbox->letters, letter, next);
	inbox->bytes += bytes;
	return true;
}

void pg_inbox_take(struct pg_inbox *inbox, const char *note)
{
	struct sl_plugin *plugin = inbox->link->plugin;
	char bytes[PG_NOTE_MAX + 1];
	struct sl_bus_message message;
	int64_t row;

	if (!pg_note_read(&message, &row, bytes, note) ||
		(message.host == sl_bus_host_id(plugin) && message.number == 0) ||
		!pg_filters_match(inbox->filters, message.topic))
		return;
	if (row < 0 && TAILQ_EMPTY(&inbox->letters)) {
		sl_bus_received(plugin, &message);
		return;
	}
	if (!keep(inbox, note, row) && message.number != 0)
		sl_bus_lost(plugin, message.topic, 1);
	pg_inbox_go_on(inbox);
}

/* With the data of its row, if it has one. */
static void hand_on_first(struct pg_inbox *inbox, const struct sl_str *data)
{
	char bytes[PG_NOTE_MAX + 1];
	struct sl_bus_message message;
	int64_t row;

	if (pg_note_read(&message, &row, bytes, TAILQ_FIRST(&inbox->letters)->note)) {
		if (data != NULL)
			message.data = *data;
		sl_bus_received(inbox->link->plugin, &message);
	}
	drop_first(inbox);
}

/* Of others the numbers tell. */
static void tell_lost(struct pg_inbox *inbox)
{
	char bytes[PG_NOTE_MAX + 1];
	struct sl_bus_message message;
	int64_t row;

	if (pg_note_read(&message, &row, bytes, TAILQ_FIRST(&inbox->letters)->note) &&
		message.number != 0)
		sl_bus_lost(inbox->link->plugin, message.topic, 1);
}

void pg_inbox_fetched(struct pg_inbox *inbox, const PGresult *result)
{
	struct sl_str data;

	if (!inbox->is_fetching || PQresultStatus(result) != PGRES_TUPLES_OK)
		return;
	inbox->is_fetching = false;
	if (PQntuples(result) != 1) {
		tell_lost(inbox);
		drop_first(inbox);
		return;
	}
	data = (struct sl_str){PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0)};
	hand_on_first(inbox, &data);
}

static void fetch(struct pg_inbox *inbox, int64_t row, bool is_kept)
{
	const char *statement = is_kept ? "kept" : "fetch";
	char text[32];
	struct pg_value value = {text, 0, false};

	if (is_kept && !inbox->is_prepared) {
		pg_store_prepare_fetch(inbox->link, inbox->history);
		inbox->is_prepared = true;
	}

	value.len = (size_t)snprintf(text, sizeof(text), "%" PRId64, row);
	pg_link_run(inbox->link, PG_FETCH, statement, &value, 1);
	pg_link_end(inbox->link, PG_FETCH);
	inbox->is_fetching = true;
}

void pg_inbox_go_on(struct pg_inbox *inbox)
{
	const struct pg_letter *letter;

	while (!inbox->is_fetching && (letter = TAILQ_FIRST(&inbox->letters)) != NULL) {
		if (letter->row < 0) {
			hand_on_first(inbox, NULL);
		} else if (pg_link_has_room(inbox->link, 2)) {
			fetch(inbox, letter->row, letter->is_kept);
		} else {
			break;
		}
	}
}

void pg_inbox_rewind(struct pg_inbox *inbox)
{
	inbox->is_fetching = inbox->is_prepared = false;
}
