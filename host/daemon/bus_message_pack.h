/*
 * A published message, and a loss, as bytes between worker and hub. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_BUS_MESSAGE_PACK_H
#define SOCKLET_DAEMON_BUS_MESSAGE_PACK_H

#include <stdbool.h>

#include "base/buf.h"
#include "call/bus.h"

/* Kinds on a bus channel, in both directions. */
enum { BUS_MESSAGE = 1, BUS_LOST = 2 };

void bus_message_pack(struct buf *out, const struct bus_message *message);
void bus_loss_pack(struct buf *out, struct span topic, uint64_t count);

/* Texts are borrowed from the bytes. False: these are none. */
bool bus_message_unpack(struct span in, struct bus_message *out);
bool bus_loss_unpack(struct span in, struct span *topic, uint64_t *count);
/* Of either kind. */
bool bus_topic_unpack(struct span in, struct span *topic);

#endif
