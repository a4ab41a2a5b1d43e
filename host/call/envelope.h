/*
 * What a subscriber with SL_POSITIONS is sent: the message with its topic and its position in one,
 * as JSON; and the host's own notes to it. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ENVELOPE_H
#define SOCKLET_CALL_ENVELOPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "call/bus.h"

struct sl_conn;

/* A text. Number 0: without a position. */
void envelope_write(struct buf *out, const struct bus_message *message);
/* Where a message stands that members have already. */
void envelope_write_note(struct buf *out, struct span topic, uint64_t order, uint64_t number);
/*
 * A note about a subscription: the position that it stands at (0: not known), and whether something
 * before that cannot be known any more. An empty topic is left out.
 */
void envelope_send_note(
	struct sl_conn *conn, struct span topic, uint64_t order, uint64_t number, bool is_lost);

#endif
