/*
 * A published message, and a loss, as bytes between worker and hub. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_BUS_MESSAGE_PACK_H
#define SOCKLET_DAEMON_BUS_MESSAGE_PACK_H

#include <stdbool.h>

#include "base/buf.h"
#include "call/bus.h"

/* Kinds on a bus channel. */
enum bus_kind {
	BUS_MESSAGE = 1, /* both ways */
	BUS_LOST,        /* both ways */
	BUS_KEEP,        /* to the hub: a message to a topic that is kept */
	BUS_RECALL,      /* to the hub */
	BUS_PAST,        /* from it: a message that was asked for by a BUS_RECALL */
	BUS_PAST_OVER,   /* from it: and its end */
};

/* The number of a message is the last that is packed: the hub puts it there. */
enum { BUS_NUMBER_BYTES = sizeof(uint64_t) };

void bus_message_pack(struct buf *out, const struct bus_message *message);
void bus_loss_pack(struct buf *out, struct span topic, uint64_t count);

void bus_recall_pack(struct buf *out, const struct bus_recall *recall);
/* In front of a packed message. */
void bus_past_pack(struct buf *out, uint64_t conn, uint64_t serial);
void bus_past_over_pack(struct buf *out, uint64_t conn, uint64_t serial, enum bus_recalled outcome,
	uint64_t number);

/* Texts are borrowed from the bytes. False: these are none. */
bool bus_message_unpack(struct span in, struct bus_message *out);
bool bus_loss_unpack(struct span in, struct span *topic, uint64_t *count);
bool bus_recall_unpack(struct span in, struct bus_recall *out);
/* Leaves the message in *in. */
bool bus_past_unpack(struct span *in, uint64_t *conn, uint64_t *serial);
bool bus_past_over_unpack(struct span in, uint64_t *conn, uint64_t *serial,
	enum bus_recalled *outcome, uint64_t *number);
/* Of a message or a loss. */
bool bus_topic_unpack(struct span in, struct span *topic);

#endif
