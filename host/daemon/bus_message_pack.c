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
		!pack_take_number(&in, &opcode) || !pack_take_span(&in, &out->payload))
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
