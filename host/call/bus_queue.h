/*
 * What waits for the driver of a broker: messages, messages to be kept, and questions to its store,
 * in their order. Messages to be kept stay until the store has them. Bounded in bytes. Private to
 * call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_BUS_QUEUE_H
#define SOCKLET_CALL_BUS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include <socklet_bus.h>

#include "call/bus.h"
#include "topic/topic_losses.h"

enum bus_parcel_kind { BUS_PARCEL_MESSAGE, BUS_PARCEL_KEEP, BUS_PARCEL_QUESTION };

/* Texts behind it, a NUL behind each. */
struct bus_parcel {
	TAILQ_ENTRY(bus_parcel) next;
	enum bus_parcel_kind kind;
	bool is_early; /* the members of this host have it */
	size_t bytes;
	union {
		struct {
			struct sl_bus_message message;
			struct sl_bus_rule rule;
		};
		struct {
			uint64_t id, conn, serial; /* whose question */
			struct sl_str filter;
			uint64_t order, after, bytes_wanted;
		};
	};
};

TAILQ_HEAD(bus_parcels, bus_parcel);

/* Zero it; bus_queue_init; bus_queue_fini. */
struct bus_queue {
	struct bus_parcels waiting;
	struct bus_parcels taken; /* by the driver, which has not said yet that they are kept */
	struct bus_parcels asked; /* questions that it has */
	size_t bytes, bytes_max;  /* of messages, taken ones too */
	bool drops_newest;
	uint64_t dropped;
	/* To be kept, and dropped: before all that waits, and behind it. */
	struct topic_losses lost_before, lost_behind;
};

void bus_queue_init(struct bus_queue *queue);
void bus_queue_fini(struct bus_queue *queue);

/* For bus_queue_push, or to be freed. Sequence, origin and rule are the caller's to fill in. */
struct bus_parcel *bus_parcel_new(enum bus_parcel_kind kind, const struct bus_message *from);
/* As members see it. */
struct bus_message bus_parcel_message(const struct bus_parcel *parcel);
bool bus_queue_has_room(const struct bus_queue *queue, size_t payload);
/* Takes it. Drops what has no room, that one or older ones. False: something was dropped. */
bool bus_queue_push(struct bus_queue *queue, struct bus_parcel *parcel);
/* Whatever the room, before all others. */
void bus_queue_push_first(struct bus_queue *queue, struct bus_parcel *parcel);
void bus_queue_ask(struct bus_queue *queue, uint64_t id, const struct bus_recall *recall);

/* The first one has gone: it is done with, or dropped, or is the driver's. */
void bus_queue_done(struct bus_queue *queue);
void bus_queue_drop(struct bus_queue *queue);
void bus_queue_hand_over(struct bus_queue *queue);

/* The first that were taken are kept. */
void bus_queue_kept(struct bus_queue *queue, uint64_t count);
/* The driver has lost its broker: what it had waits again. */
void bus_queue_rewind(struct bus_queue *queue);
/* A question that the driver has, off the list and for the caller to free; NULL: it has not. */
struct bus_parcel *bus_queue_answered(struct bus_queue *queue, uint64_t id);
struct bus_parcel *bus_queue_find_question(struct bus_queue *queue, uint64_t id);
/* Any question, as that, whether the driver has it or not; NULL: there is none left. */
struct bus_parcel *bus_queue_take_question(struct bus_queue *queue);
void bus_queue_drop_all(struct bus_queue *queue);

#endif
