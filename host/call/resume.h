/*
 * Subscriptions that begin at a position: what was missed is asked for, sent, and only then does
 * the subscription stand in the tree like any other. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_RESUME_H
#define SOCKLET_CALL_RESUME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "call/bus.h"
#include "topic/topic_tree.h"

struct sl_conn;
struct resume;
struct loop_timer;

enum {
	RESUME_ASKED_MAX = 16,          /* of a worker, at a time */
	RESUME_PART_BYTES = 256 * 1024, /* of one answer, at most */
	RESUME_LOOK_MS = 5,             /* between two looks at those who have to read first */
	RESUME_PATIENCE_MS = 5000,      /* for a broker that is away */
	RESUME_AWAY_MS = 500,           /* between two looks at those who have it */
};

LIST_HEAD(resume_list, resume);
TAILQ_HEAD(resume_queue, resume);

/* Of a host. */
struct resumes {
	struct topic_tree wanted; /* of a broker, by those who ask: they are live before they do */
	struct resume_queue waiting; /* for their turn to ask */
	struct resume_queue full;    /* whose peers have to take what they got */
	struct loop_timer *timer;    /* armed while that is not empty */
	struct resume_queue away;    /* whose broker is */
	struct loop_timer *away_timer;
	unsigned asked; /* not answered */
	uint64_t serial;
};

void resume_init(struct host *host);
/* Every session is gone. */
void resume_fini(struct host *host);
/* `position`: as a client gave it; empty: from now on. The filter was checked. */
void resume_begin(struct sl_conn *conn, struct span filter, uint32_t flags, struct span position);
/* What had begun for that filter. */
void resume_cancel(struct sl_conn *conn, struct span filter);
void resume_cancel_all(struct sl_conn *conn);
/* It may be sent to from now on. */
void resume_opened(struct sl_conn *conn);
/* With no plugin code on the stack. */
void resume_turn_end(struct host *host);

/* bus.c's: see there. */
void resume_take(
	struct host *host, uint64_t conn, uint64_t serial, const struct bus_message *message);
void resume_over(struct host *host, uint64_t conn, uint64_t serial, enum bus_recalled outcome,
	uint64_t order, uint64_t number);

/* bus_plugin.c's: a question will not be answered, as the broker has gone. */
void resume_unasked(struct host *host, uint64_t conn, uint64_t serial);
void resume_broker_up(struct host *host);

/* fan_out.c's: the connection had that live message as a part of its past. */
bool resume_has(struct sl_conn *conn, struct span topic, uint64_t order, uint64_t number);

#endif
