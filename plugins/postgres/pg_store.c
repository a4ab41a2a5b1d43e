/*
 * All that a turn has kept is one transaction: the more there is, the more for each commit. The
 * host has a copy of what is not confirmed, so nothing is here. An answer is one statement's, and
 * so of one moment; patterns are looked at here, the server only knows what topics begin with.
 * Called by postgres.c. SPDX-License-Identifier: MIT
 */
#include "pg_store.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_filters.h"
#include "pg_note.h"
#include "pg_store_sql.h"

enum {
	SQL_MAX = 6000,
	BATCH_MAX = 256,
	BYTES_MAX = 4 << 20, /* on their way, and one message more */
	ROWS_MAX = 1000,     /* of an answer */
	GONE_MAX = 10000,    /* topics that are looked at, to know what has gone */
	NUMBER_MAX = 24,
};

/* Columns of an answer, and its kinds of rows. */
enum { KIND, NUMBER, OTHER, TOPIC, HEAD, DATA };
enum { ROW_STATE, ROW_GONE, ROW_MESSAGE };

struct pg_question {
	TAILQ_ENTRY(pg_question) next;
	uint64_t id, order, after, bytes;
	bool is_anyhow, is_one;
	struct pg_filters filters;
};

/* ---- getting ready ---------------------------------------------------------------------- */

/* {T} is the table, {I} its name without schema, {C} the channel. */
static void fill_in(char out[SQL_MAX], const char *sql, const char *table, const char *channel)
{
	const char *dot = strchr(table, '.');
	char *const end = out + SQL_MAX - 1;

	while (*sql != '\0' && out < end) {
		const char *word = NULL;

		if (sql[0] == '{' && sql[1] != '\0' && sql[2] == '}')
			word = sql[1] == 'T'   ? table
			       : sql[1] == 'C' ? channel
					       : (dot == NULL ? table : dot + 1);
		if (word == NULL) {
			*out++ = *sql++;
			continue;
		}
		out += snprintf(out, (size_t)(end - out), "%s", word);
		sql += 3;
	}
	*out = '\0';
}

static void prepare(struct pg_store *store, const char *name, const char *sql)
{
	char text[SQL_MAX];

	fill_in(text, sql, store->table, store->channel);
	pg_link_prepare(store->link, PG_STORE, name, text);
}

void pg_store_prepare_fetch(struct pg_link *link, const char *table)
{
	char text[SQL_MAX];

	fill_in(text, pg_store_sql_fetch, table, "");
	pg_link_prepare(link, PG_FETCH, "kept", text);
}

/* The tables have to be there before statements that know them can be. */
static void begin(struct pg_store *store)
{
	char order[NUMBER_MAX], text[SQL_MAX];
	uint64_t drawn;
	struct pg_value value = {order, 0, false};

	store->is_begun = true;
	fill_in(text, pg_store_sql_tables, store->table, store->channel);
	pg_link_ask(store->link, PG_STORE, text);
	fill_in(text, pg_store_sql_function, store->table, store->channel);
	pg_link_ask(store->link, PG_STORE, text);
	pg_link_end(store->link, PG_STORE);
	prepare(store, "begin", pg_store_sql_begin);
	prepare(store, "keep", pg_store_sql_keep);
	prepare(store, "recall_one", pg_store_sql_recall_one);
	prepare(store, "recall", pg_store_sql_recall);
	prepare(store, "forget", pg_store_sql_clean);
	arc4random_buf(&drawn, sizeof(drawn));
	value.len = (size_t)snprintf(order, sizeof(order), "%016" PRIx64, drawn | 1);
	pg_link_run(store->link, PG_STORE, "begin", &value, 1);
	pg_link_end(store->link, PG_STORE);
	pg_link_flush(store->link);
}

/* False: not now; the host is told when. */
static bool is_ready(struct pg_store *store)
{
	if (!store->is_begun && pg_link_has_room(store->link, 16))
		begin(store);
	store->was_full |= !store->is_ready || store->unkept == PG_STORE_BATCHES ||
			   store->bytes > BYTES_MAX || !pg_link_has_room(store->link, 4);
	return !store->was_full;
}

static void look_for_room(struct pg_store *store)
{
	if (!store->was_full || !store->is_ready || store->unkept == PG_STORE_BATCHES ||
		store->bytes > BYTES_MAX / 2 || !pg_link_has_room(store->link, PG_ASKED_MAX / 2))
		return;
	store->was_full = false;
	pg_link_tell_up(store->link);
}

/* ---- keeping ---------------------------------------------------------------------------- */

void pg_store_flush(struct pg_store *store)
{
	if (store->batch == 0)
		return;
	pg_link_end(store->link, PG_KEEP);
	store->batch = 0;
	store->unkept++;
}

static struct pg_value number_value(char text[NUMBER_MAX], uint64_t number)
{
	return (struct pg_value){
		text, (size_t)snprintf(text, NUMBER_MAX, "%" PRIu64, number), false};
}

static void run_keep(struct pg_store *store, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule, const char *note)
{
	uint8_t head[SL_BUS_HEAD_BYTES];
	char origin[NUMBER_MAX], sequence[NUMBER_MAX], most[NUMBER_MAX], ms[NUMBER_MAX],
		room[NUMBER_MAX];
	const struct pg_value values[] = {
		{message->topic.ptr, message->topic.len, true},
		{(const char *)head, sizeof(head), true},
		{message->data.ptr, message->data.len, true},
		number_value(origin, message->origin),
		number_value(sequence, message->sequence),
		number_value(most, message->type == SL_BUS_GAP ? 0 : rule->messages),
		number_value(ms, rule->time_ms == UINT64_MAX ? 0 : rule->time_ms),
		number_value(room, rule->bytes),
		{note, strlen(note), false},
	};

	sl_bus_head_write(head, message);
	pg_link_run(store->link, PG_KEEP, "keep", values, 9);
}

int pg_store_keep(struct pg_store *store, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	unsigned at = (store->first + store->unkept) % PG_STORE_BATCHES;
	char *note;

	if (!is_ready(store))
		return SL_FULL;
	note = pg_note_write_kept(message);
	if (note == NULL)
		return SL_INVALID;
	run_keep(store, message, rule, note);
	free(note);
	if (store->batch++ == 0)
		store->sizes[at].count = 0, store->sizes[at].bytes = 0;
	store->sizes[at].count++;
	store->sizes[at].bytes += message->data.len;
	store->bytes += message->data.len;
	if (store->batch == BATCH_MAX)
		pg_store_flush(store);
	return SL_OK;
}

static void kept(struct pg_store *store)
{
	unsigned count = store->sizes[store->first].count;

	store->bytes -= store->sizes[store->first].bytes;
	store->first = (store->first + 1) % PG_STORE_BATCHES;
	store->unkept--;
	sl_bus_kept(store->link->plugin, count);
}

void pg_store_finished(struct pg_store *store, enum pg_task task)
{
	if (task == PG_KEEP)
		kept(store);
	/* The first is the tables', the second all the rest. */
	if (task == PG_STORE && !store->has_tables)
		store->has_tables = true;
	else if (task == PG_STORE)
		store->is_ready = true;
	if (task == PG_KEEP || task == PG_STORE || task == PG_RECALL)
		look_for_room(store);
}

void pg_store_clean(struct pg_store *store)
{
	if (store->is_ready && pg_link_has_room(store->link, 1))
		pg_link_run(store->link, PG_CLEAN, "forget", NULL, 0);
}

/* ---- recalling -------------------------------------------------------------------------- */

static bool is_wild(struct sl_str filter)
{
	return memchr(filter.ptr, '+', filter.len) != NULL ||
	       memchr(filter.ptr, '#', filter.len) != NULL;
}

/* What all that matches begins with: "a" of "a/#", which "a" matches, too. */
static size_t literal_len(struct sl_str filter)
{
	size_t len = 0;

	while (len < filter.len && filter.ptr[len] != '+' && filter.ptr[len] != '#')
		len++;
	while (len > 0 && len < filter.len && filter.ptr[len - 1] != '/')
		len--;
	return len > 0 && len < filter.len ? len - 1 : len;
}

/* Of all the filters, which is where the first one's begin. */
static size_t common_begin_len(const struct sl_bus_recall *what)
{
	const struct sl_str first = what->filters[0];
	size_t len = literal_len(first);

	for (size_t i = 1; i < what->filter_count; i++) {
		size_t most = literal_len(what->filters[i]), same = 0;

		while (same < len && same < most && what->filters[i].ptr[same] == first.ptr[same])
			same++;
		len = same;
	}
	return len;
}

static struct pg_question *question_new(const struct sl_bus_recall *what)
{
	struct pg_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		abort();
	question->id = what->id;
	question->order = what->order;
	question->after = what->after;
	question->bytes = what->bytes;
	question->is_anyhow = what->anyhow != 0;
	question->is_one = what->filter_count == 1 && !is_wild(what->filters[0]);
	for (size_t i = 0; i < what->filter_count; i++)
		pg_filters_add(&question->filters, what->filters[i]);
	return question;
}

static void question_free(struct pg_store *store, struct pg_question *question)
{
	TAILQ_REMOVE(&store->questions, question, next);
	pg_filters_clear(&question->filters);
	free(question);
}

int pg_store_recall(struct pg_store *store, const struct sl_bus_recall *what)
{
	bool is_now = what->after == SL_BUS_NOW;
	char after[NUMBER_MAX], rows[NUMBER_MAX], bytes[NUMBER_MAX];
	struct pg_question *question;
	struct pg_value values[4];

	/* What was taken before is to be seen. */
	pg_store_flush(store);
	if (!is_ready(store))
		return SL_FULL;
	question = question_new(what);
	TAILQ_INSERT_TAIL(&store->questions, question, next);
	/* A number that no store gives is behind all. */
	values[0] = number_value(after, what->after > INT64_MAX ? INT64_MAX : what->after);
	values[1] = question->is_one
			    ? (struct pg_value){what->filters[0].ptr, what->filters[0].len, true}
			    : (struct pg_value){what->filters[0].ptr, common_begin_len(what), true};
	values[2] = number_value(rows, is_now ? 0 : ROWS_MAX);
	values[3] = number_value(bytes, what->bytes > INT64_MAX ? INT64_MAX : what->bytes);
	pg_link_run(store->link, PG_RECALL, question->is_one ? "recall_one" : "recall", values, 4);
	pg_link_end(store->link, PG_RECALL);
	return SL_OK;
}

static uint64_t number_at(const PGresult *result, int row, int column)
{
	const char *bytes = PQgetvalue(result, row, column);
	uint64_t number = 0;
	uint32_t half = 0;

	if (PQgetlength(result, row, column) == (int)sizeof(half)) {
		memcpy(&half, bytes, sizeof(half));
		return be32toh(half);
	}
	memcpy(&number, bytes, sizeof(number));
	return be64toh(number);
}

static struct sl_str bytes_at(const PGresult *result, int row, int column)
{
	return (struct sl_str){
		PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column)};
}

struct answer {
	struct pg_store *store;
	const struct pg_question *question;
	const PGresult *result;
	uint64_t order, last, forgotten;
	bool tells; /* by sl_bus_lost */
	unsigned lost;
};

static void lose(struct answer *answer, struct sl_str topic)
{
	if (answer->question->after == 0)
		return;
	answer->lost++;
	if (answer->tells)
		sl_bus_lost(answer->store->link->plugin, topic, 0);
}

/* Of one topic its row says so; that of a topic without one, what is forgotten. */
static void look_for_gone(struct answer *answer)
{
	const struct pg_question *question = answer->question;
	unsigned gone = 0;

	for (int i = 0; i < PQntuples(answer->result); i++) {
		struct sl_str topic = bytes_at(answer->result, i, TOPIC);
		uint64_t kind = number_at(answer->result, i, KIND);

		if (kind == ROW_STATE || !pg_filters_match(&question->filters, topic))
			continue;
		if (kind == ROW_GONE)
			gone++;
		if (kind == ROW_GONE ? number_at(answer->result, i, NUMBER) > question->after
				     : number_at(answer->result, i, OTHER) != 0)
			lose(answer, topic);
	}
	if ((answer->forgotten > question->after && (!question->is_one || gone == 0)) ||
		gone > GONE_MAX)
		lose(answer, (struct sl_str){"", 0});
}

static void give(struct answer *answer, int row)
{
	struct sl_bus_message message;

	if (number_at(answer->result, row, OTHER) != 0 ||
		!sl_bus_head_read(&message, bytes_at(answer->result, row, HEAD)))
		return;
	message.topic = bytes_at(answer->result, row, TOPIC);
	message.data = bytes_at(answer->result, row, DATA);
	message.order = answer->order;
	message.number = number_at(answer->result, row, NUMBER);
	if (pg_filters_match(&answer->question->filters, message.topic))
		sl_bus_recalled(answer->store->link->plugin, answer->question->id, &message);
}

/* The last number that it gives if there may be more; 0: there is none. */
static uint64_t give_all(struct answer *answer)
{
	uint64_t bytes = 0, number = 0;
	int rows = 0;

	for (int i = 0; i < PQntuples(answer->result); i++) {
		if (number_at(answer->result, i, KIND) != ROW_MESSAGE)
			continue;
		number = number_at(answer->result, i, NUMBER);
		bytes += (uint64_t)PQgetlength(answer->result, i, DATA);
		rows++;
		give(answer, i);
	}
	return rows == ROWS_MAX || bytes >= answer->question->bytes ? number : 0;
}

static void over(const struct answer *answer, uint64_t outcome, uint64_t number)
{
	sl_bus_recall_over(
		answer->store->link->plugin, answer->question->id, outcome, answer->order, number);
}

static void take_answer(struct answer *answer)
{
	const struct pg_question *question = answer->question;
	uint64_t number;

	if (question->after == SL_BUS_NOW) {
		over(answer, SL_BUS_ALL, answer->last);
		return;
	}
	if (question->order != 0 &&
		(question->order != answer->order || question->after > answer->last)) {
		over(answer, SL_BUS_LOST, answer->last);
		return;
	}
	answer->tells = question->is_anyhow;
	look_for_gone(answer);
	if (answer->lost > 0 && !question->is_anyhow) {
		over(answer, SL_BUS_LOST, answer->last);
		return;
	}
	number = give_all(answer);
	over(answer, number != 0 ? SL_BUS_PART : SL_BUS_ALL, number != 0 ? number : answer->last);
}

void pg_store_recalled(struct pg_store *store, const PGresult *result)
{
	struct pg_question *question = TAILQ_FIRST(&store->questions);
	struct answer answer = {.store = store, .question = question, .result = result};
	char order[NUMBER_MAX];

	if (question == NULL || PQntuples(result) == 0)
		return;
	answer.last = number_at(result, 0, NUMBER);
	answer.forgotten = number_at(result, 0, OTHER);
	snprintf(order, sizeof(order), "%.*s", SL_STR(bytes_at(result, 0, HEAD)));
	answer.order = strtoull(order, NULL, 16);
	take_answer(&answer);
	question_free(store, question);
}

/* ---- life ------------------------------------------------------------------------------- */

void pg_store_init(struct pg_store *store)
{
	TAILQ_INIT(&store->questions);
}

void pg_store_reset(struct pg_store *store)
{
	while (!TAILQ_EMPTY(&store->questions))
		question_free(store, TAILQ_FIRST(&store->questions));
	store->is_begun = store->is_ready = store->has_tables = store->was_full = false;
	store->batch = store->unkept = store->first = 0;
	store->bytes = 0;
}
