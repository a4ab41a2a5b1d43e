/*
 * The connection to PostgreSQL: connects without waiting, sets up, sends statements in a pipeline,
 * says whose answer came, and begins anew when it breaks. Knows no message.
 * SPDX-License-Identifier: MIT
 */
#ifndef PG_LINK_H
#define PG_LINK_H

#include <libpq-fe.h>
#include <socklet_bus.h>

#include "pg_names.h"

struct event;
struct pg_link;

/* What a statement was sent for; its answers come back with it. */
enum pg_task {
	PG_SETUP,
	PG_PUBLISH,
	PG_FETCH,
	PG_CLEAN,
	PG_STORE, /* the history is made ready */
	PG_KEEP,
	PG_RECALL,
	PG_TASKS,
};

/* What the owner is told, always at the top of the loop. */
struct pg_link_ops {
	void (*setup)(struct pg_link *link); /* connected: sends its statements for PG_SETUP */
	void (*up)(struct pg_link *link);    /* all of these were answered well */
	/* It broke, and will be tried again. */
	void (*down)(struct pg_link *link);
	/* The server said no to a statement of that task; down follows. */
	void (*refused)(struct pg_link *link, enum pg_task task, const char *why);
	void (*answered)(struct pg_link *link, enum pg_task task, const PGresult *result);
	void (*finished)(struct pg_link *link, enum pg_task task); /* pg_link_end's transaction */
	void (*notified)(struct pg_link *link, const char *note);
};

enum { PG_ASKED_MAX = 2048 };

/* Zero it, fill in the first three, then pg_link_open. */
struct pg_link {
	struct sl_plugin *plugin;
	const struct pg_link_ops *ops;
	const char *url;
	PGconn *conn;
	struct pg_names names;
	struct event *reads, *writes; /* the latter only while there is something to write */
	struct sl_timer *retry, *deadline;
	unsigned failures;   /* since it was up */
	unsigned idle_ticks; /* without an answer to what was asked */
	bool is_connected, is_up, is_broken;
	unsigned char asked[PG_ASKED_MAX]; /* a ring: what was sent and is not answered yet */
	unsigned asked_first, asked_count;
};

/* False: the url is none; the log says why, without passwords. */
bool pg_link_check_url(struct sl_plugin *plugin, const char *url);
void pg_link_open(struct pg_link *link);
/* In stop: its timers have ended by themselves. */
void pg_link_close(struct pg_link *link);

/* Says once more that it is up, so that the host offers again what was SL_FULL. */
void pg_link_tell_up(struct pg_link *link);

/* Room for so many statements, and the end of their transaction. */
bool pg_link_has_room(const struct pg_link *link, unsigned statements);

/* What goes into the place of $1, … of a statement. */
struct pg_value {
	const char *ptr;
	size_t len;
	bool is_binary; /* else a text that ends with NUL */
};

/*
 * These gather; what was asked up to pg_link_end is one transaction, and leaves with pg_link_flush.
 * A connection that breaks here is noticed there.
 */
void pg_link_ask(struct pg_link *link, enum pg_task task, const char *sql);
void pg_link_prepare(struct pg_link *link, enum pg_task task, const char *name, const char *sql);
void pg_link_run(struct pg_link *link, enum pg_task task, const char *name,
	const struct pg_value *values, int count);
void pg_link_end(struct pg_link *link, enum pg_task task);
void pg_link_flush(struct pg_link *link);

#endif
