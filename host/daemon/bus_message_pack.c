/*
 * The topic comes first, so that the hub need not look further. Called by hub.c and worker_bus.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/bus_message_pack.h"

#include "daemon/pack.h"

void bus_message_pack(struct buf *out, const struct bus_message *message)
{
	pack_span(out, message->topic);
	pack_number(out, message->host);
	pack_number(out, message->publisher);
	pack_number(out, message->sequence);
	pack_number(out, message->opcode);
	pack_span(out, message->payload);
	pack_number(out, message->origin);
	pack_number(out, message->number);
}

void bus_loss_pack(struct buf *out, struct span topic, uint64_t count)
{
	pack_span(out, topic);
	pack_number(out, count);
}

bool bus_message_unpack(struct span in, struct bus_message *out)
{
	uint64_t opcode;

	*out = (struct bus_message){0};
	if (!pack_take_span(&in, &out->topic) || !pack_take_number(&in, &out->host) ||
		!pack_take_number(&in, &out->publisher) || !pack_take_number(&in, &out->sequence) ||
		!pack_take_number(&in, &opcode) || !pack_take_span(&in, &out->payload) ||
		!pack_take_number(&in, &out->origin) || !pack_take_number(&in, &out->number))
		return false;
	out->opcode = opcode == WS_TEXT ? WS_TEXT : WS_BINARY;
	return true;
}

bool bus_loss_unpack(struct span in, struct span *topic, uint64_t *count)
{
	return pack_take_span(&in, topic) && pack_take_number(&in, count);
}

bool bus_topic_unpack(struct span in, struct span *topic)
{
	return pack_take_span(&in, topic);
}

/* ---- recalls ---------------------------------------------------------------------------- */

void bus_recall_pack(struct buf *out, const struct bus_recall *recall)
{
	pack_number(out, recall->conn);
	pack_number(out, recall->serial);
	pack_span(out, recall->filter);
	pack_number(out, recall->after);
	pack_number(out, recall->bytes);
}

bool bus_recall_unpack(struct span in, struct bus_recall *out)
{
	return pack_take_number(&in, &out->conn) && pack_take_number(&in, &out->serial) &&
	       pack_take_span(&in, &out->filter) && pack_take_number(&in, &out->after) &&
	       pack_take_number(&in, &out->bytes);
}

void bus_past_pack(struct buf *out, uint64_t conn, uint64_t serial)
{
	pack_number(out, conn);
	pack_number(out, serial);
}

bool bus_past_unpack(struct span *in, uint64_t *conn, uint64_t *serial)
{
	return pack_take_number(in, conn) && pack_take_number(in, serial);
}

void bus_past_over_pack(
	struct buf *out, uint64_t conn, uint64_t serial, enum bus_recalled outcome, uint64_t number)
{
	bus_past_pack(out, conn, serial);
	pack_number(out, outcome);
	pack_number(out, number);
}

bool bus_past_over_unpack(struct span in, uint64_t *conn, uint64_t *serial,
	enum bus_recalled *outcome, uint64_t *number)
{
	uint64_t packed;

	if (!bus_past_unpack(&in, conn, serial) || !pack_take_number(&in, &packed) ||
		!pack_take_number(&in, number) || packed > BUS_RECALLED_LOST)
		return false;
	*outcome = (enum bus_recalled)packed;
	return true;
}
