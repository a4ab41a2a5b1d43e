/*
 * Published messages on their way to the members of this worker: one queue in the order of
 * publishing, delivered in slices. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_FAN_OUT_H
#define SOCKLET_CALL_FAN_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "call/bus.h"
#include "topic/topic_counts.h"
#include "topic/topic_losses.h"
#include "topic/topic_tree.h"

struct sl_conn;
struct loop_timer;

enum {
	FAN_OUT_QUEUE_BYTES = 16 * 1024 * 1024, /* unless host_set_topics_queue says otherwise */
	/* What a turn of the loop may spend, and what things cost: a send(2) is the dear one. */
	FAN_OUT_SLICE = 16384,
	FAN_OUT_COST_FIRST = 16, /* a member's first message of the turn, or a callback */
	FAN_OUT_COST_NEXT = 1,
	FAN_OUT_JOINED = 65536, /* bytes of a batch that may be joined to one piece */
};

/* Messages published in a row to one topic, while nobody subscribed. */
struct fan_out_batch;
TAILQ_HEAD(fan_out_queue, fan_out_batch);

struct fan_out_counts {
	uint64_t published; /* by plugins of this worker */
	uint64_t refused;   /* of those that wanted to: the queue was full */
	uint64_t received;  /* from elsewhere */
	uint64_t delivered; /* to members */
	uint64_t lost;      /* from elsewhere, and never delivered */
};

struct fan_out {
	struct topic_tree tree;
	struct topic_counts others; /* subscriptions of other workers */
	struct fan_out_queue queue;
	size_t bytes, bytes_max; /* that wait in it */
	struct topic_losses losses;
	struct topic_loss loss; /* being told; topic NULL: none is */
	struct topic_walk walk; /* through the members of the loss, or of the first batch */
	bool is_walking, is_running;
	unsigned spent; /* of FAN_OUT_SLICE, this turn */
	uint64_t turn;
	struct loop_timer *timer; /* armed while something is left for the next turn */
	struct fan_out_counts counts;
	uint64_t warned_ms; /* of the last line about a full queue; topics.c's */
};

/* A session that has subscribed at least once. */
struct fan_out_member {
	struct topic_member topics;
	struct sl_conn *conn;
	uint64_t turn;      /* the last in which something was delivered */
	bool has_positions; /* one of its subscriptions does, or did */
};

/* Its own, made when it is first asked for; the session frees it. */
struct fan_out_member *fan_out_member(struct sl_conn *conn);
struct sl_conn *fan_out_conn_of(const struct topic_member *member);
/* How many subscriptions it has. */
size_t fan_out_count(const struct sl_conn *conn);
bool fan_out_unsubscribe(struct sl_conn *conn, struct span filter);
/* It has ended. */
void fan_out_leave(struct sl_conn *conn);

void fan_out_init(struct host *host);
/* Every session is gone. */
void fan_out_fini(struct host *host);

/* Copies, and delivers at once what the turn allows. False: the queue is full. */
bool fan_out_push(struct host *host, const struct bus_message *message);
void fan_out_lost(struct host *host, struct span topic, uint64_t count);
/* With no plugin code on the stack: tells of losses, and begins a new turn. */
void fan_out_turn_end(struct host *host);

#endif
