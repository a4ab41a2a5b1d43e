/*
 * Messages that are kept: tables of the history, and a function that numbers, stores and notifies
 * in one transaction. SPDX-License-Identifier: MIT
 */
#ifndef PG_STORE_H
#define PG_STORE_H

#include <sys/queue.h>

#include "pg_link.h"

struct pg_question;

enum { PG_STORE_BATCHES = 4 };

/* Zero it, fill in the first three, then pg_store_init. */
struct pg_store {
	struct pg_link *link;
	const char *table, *channel;
	bool is_begun, has_tables, is_ready, was_full;
	TAILQ_HEAD(pg_questions, pg_question) questions; /* that were asked, in their order */
	unsigned batch;  /* messages since the last end of a transaction */
	unsigned unkept; /* transactions under way */
	struct {
		unsigned count;
		size_t bytes;
	} sizes[PG_STORE_BATCHES]; /* of each, a ring; the one that grows is behind them */
	unsigned first;
	size_t bytes; /* in all */
};

void pg_store_init(struct pg_store *store);
/* The connection broke. */
void pg_store_reset(struct pg_store *store);
int pg_store_keep(struct pg_store *store, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule);
int pg_store_recall(struct pg_store *store, const struct sl_bus_recall *what);
/* The end of a turn: what was taken is a transaction. */
void pg_store_flush(struct pg_store *store);

/* Answers, by task. */
void pg_store_recalled(struct pg_store *store, const PGresult *result);
void pg_store_finished(struct pg_store *store, enum pg_task task);
/* What is older than a day of those who keep no more. With pg_link_end. */
void pg_store_clean(struct pg_store *store);
/* "kept": the data of a number. For PG_FETCH. */
void pg_store_prepare_fetch(struct pg_link *link, const char *table);

#endif
