/*
 * Questions hold no bytes that count: there are few at a time. What was to be kept and is dropped
 * stays known by topic, so that the store can be told of the gap. Called by bus_plugin.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/bus_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* ---- parcels ---------------------------------------------------------------------------- */

static char *copy_text(char *to, struct span text)
{
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return to;
}

struct bus_parcel *bus_parcel_new(enum bus_parcel_kind kind, const struct bus_message *from)
{
	size_t bytes = sizeof(struct bus_parcel) + from->topic.len + 1 + from->payload.len + 1;
	struct bus_parcel *parcel = xmalloc(bytes);
	char *topic = (char *)(parcel + 1), *data = topic + from->topic.len + 1;

	*parcel = (struct bus_parcel){.kind = kind, .bytes = bytes};
	parcel->message = (struct sl_bus_message){
		.topic = {copy_text(topic, from->topic), from->topic.len},
		.data = {copy_text(data, from->payload), from->payload.len},
		.host = from->host,
		.publisher = from->publisher,
		.type = from->opcode == WS_TEXT ? SL_TEXT : SL_BINARY,
	};
	return parcel;
}

struct bus_message bus_parcel_message(const struct bus_parcel *parcel)
{
	const struct sl_bus_message *message = &parcel->message;

	return (struct bus_message){
		.topic = {message->topic.ptr, message->topic.len},
		.opcode = message->type == SL_TEXT ? WS_TEXT : WS_BINARY,
		.payload = {message->data.ptr, message->data.len},
		.host = message->host,
		.publisher = message->publisher,
		.sequence = message->sequence,
		.origin = message->origin,
	};
}

void bus_queue_ask(struct bus_queue *queue, uint64_t id, const struct bus_recall *recall)
{
	struct bus_parcel *parcel = xmalloc(sizeof(*parcel) + recall->filter.len + 1);

	*parcel = (struct bus_parcel){.kind = BUS_PARCEL_QUESTION};
	parcel->id = id;
	parcel->conn = recall->conn;
	parcel->serial = recall->serial;
	parcel->filter = (struct sl_str){
		copy_text((char *)(parcel + 1), recall->filter), recall->filter.len};
	parcel->order = recall->order;
	parcel->after = recall->after;
	parcel->bytes_wanted = recall->bytes;
	TAILQ_INSERT_TAIL(&queue->waiting, parcel, next);
}

/* ---- in and out ------------------------------------------------------------------------- */

static void forget(struct bus_queue *queue, struct bus_parcels *list, struct bus_parcel *parcel)
{
	TAILQ_REMOVE(list, parcel, next);
	queue->bytes -= parcel->bytes;
	free(parcel);
}

/* One that was to be kept leaves a gap in what is kept. */
static void drop(struct bus_queue *queue, struct bus_parcel *parcel, struct topic_losses *losses)
{
	const struct sl_bus_message *message = &parcel->message;

	queue->dropped++;
	if (parcel->kind == BUS_PARCEL_KEEP)
		topic_losses_add(losses, (struct span){message->topic.ptr, message->topic.len},
			message->type == SL_BUS_GAP ? strtoull(message->data.ptr, NULL, 10) : 1);
	forget(queue, &queue->waiting, parcel);
}

static struct bus_parcel *oldest_message(struct bus_queue *queue)
{
	struct bus_parcel *parcel = TAILQ_FIRST(&queue->waiting);

	while (parcel != NULL && parcel->kind == BUS_PARCEL_QUESTION)
		parcel = TAILQ_NEXT(parcel, next);
	return parcel;
}

bool bus_queue_has_room(const struct bus_queue *queue, size_t payload)
{
	return queue->bytes == 0 ||
	       queue->bytes + sizeof(struct bus_parcel) + payload <= queue->bytes_max;
}

bool bus_queue_push(struct bus_queue *queue, struct bus_parcel *parcel)
{
	bool is_too_large = parcel->bytes > queue->bytes_max;
	size_t room = is_too_large ? 0 : queue->bytes_max - parcel->bytes;
	uint64_t dropped = queue->dropped;
	struct bus_parcel *oldest;

	while (queue->bytes > room && !queue->drops_newest && !is_too_large &&
		(oldest = oldest_message(queue)) != NULL)
		drop(queue, oldest, &queue->lost_before);
	TAILQ_INSERT_TAIL(&queue->waiting, parcel, next);
	queue->bytes += parcel->bytes;
	if (queue->bytes > queue->bytes_max)
		drop(queue, parcel, &queue->lost_behind);
	return queue->dropped == dropped;
}

void bus_queue_push_first(struct bus_queue *queue, struct bus_parcel *parcel)
{
	TAILQ_INSERT_HEAD(&queue->waiting, parcel, next);
	queue->bytes += parcel->bytes;
}

void bus_queue_done(struct bus_queue *queue)
{
	forget(queue, &queue->waiting, TAILQ_FIRST(&queue->waiting));
}

void bus_queue_drop(struct bus_queue *queue)
{
	drop(queue, TAILQ_FIRST(&queue->waiting), &queue->lost_before);
}

void bus_queue_hand_over(struct bus_queue *queue)
{
	struct bus_parcel *parcel = TAILQ_FIRST(&queue->waiting);

	TAILQ_REMOVE(&queue->waiting, parcel, next);
	if (parcel->kind == BUS_PARCEL_QUESTION)
		TAILQ_INSERT_TAIL(&queue->asked, parcel, next);
	else
		TAILQ_INSERT_TAIL(&queue->taken, parcel, next);
}

void bus_queue_kept(struct bus_queue *queue, uint64_t count)
{
	for (; count > 0 && !TAILQ_EMPTY(&queue->taken); count--)
		forget(queue, &queue->taken, TAILQ_FIRST(&queue->taken));
}

void bus_queue_rewind(struct bus_queue *queue)
{
	struct bus_parcel *parcel;

	while ((parcel = TAILQ_LAST(&queue->taken, bus_parcels)) != NULL) {
		TAILQ_REMOVE(&queue->taken, parcel, next);
		TAILQ_INSERT_HEAD(&queue->waiting, parcel, next);
	}
}

/* ---- questions -------------------------------------------------------------------------- */

struct bus_parcel *bus_queue_find_question(struct bus_queue *queue, uint64_t id)
{
	struct bus_parcel *parcel;

	TAILQ_FOREACH (parcel, &queue->asked, next)
		if (parcel->id == id)
			return parcel;
	return NULL;
}

struct bus_parcel *bus_queue_answered(struct bus_queue *queue, uint64_t id)
{
	struct bus_parcel *parcel = bus_queue_find_question(queue, id);

	if (parcel != NULL)
		TAILQ_REMOVE(&queue->asked, parcel, next);
	return parcel;
}

struct bus_parcel *bus_queue_take_question(struct bus_queue *queue)
{
	struct bus_parcel *parcel = TAILQ_FIRST(&queue->asked);

	if (parcel != NULL) {
		TAILQ_REMOVE(&queue->asked, parcel, next);
		return parcel;
	}
	TAILQ_FOREACH (parcel, &queue->waiting, next)
		if (parcel->kind == BUS_PARCEL_QUESTION) {
			TAILQ_REMOVE(&queue->waiting, parcel, next);
			return parcel;
		}
	return NULL;
}

/* ---- life ------------------------------------------------------------------------------- */

void bus_queue_init(struct bus_queue *queue)
{
	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->taken);
	TAILQ_INIT(&queue->asked);
}

void bus_queue_drop_all(struct bus_queue *queue)
{
	struct bus_parcel *parcel;

	bus_queue_rewind(queue);
	while ((parcel = TAILQ_FIRST(&queue->waiting)) != NULL) {
		queue->dropped += parcel->kind != BUS_PARCEL_QUESTION;
		forget(queue, &queue->waiting, parcel);
	}
	while ((parcel = TAILQ_FIRST(&queue->asked)) != NULL)
		forget(queue, &queue->asked, parcel);
	topic_losses_fini(&queue->lost_before);
	topic_losses_fini(&queue->lost_behind);
}

void bus_queue_fini(struct bus_queue *queue)
{
	bus_queue_drop_all(queue);
}
