/*
 * One message under way for each subscription and sender, as nobody sends two at a time. What is
 * never completed goes when its sender begins another, or when others need the room. Pure: knows no
 * connection. Called by nats.c. SPDX-License-Identifier: MIT
 */
#include "nats_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX_BYTES = 16 << 20, PARTS_MAX_BYTES = 64 << 20 };

struct nats_assembly {
	TAILQ_ENTRY(nats_assembly) next;
	uint64_t subscription, host, origin, sequence;
	uint32_t next_number, count;
	size_t len, room;
	char data[];
};

void nats_parts_init(struct nats_parts *parts)
{
	TAILQ_INIT(&parts->assemblies);
}

static void drop(struct nats_parts *parts, struct nats_assembly *assembly)
{
	TAILQ_REMOVE(&parts->assemblies, assembly, next);
	parts->bytes -= assembly->room;
	free(assembly);
}

void nats_parts_fini(struct nats_parts *parts)
{
	while (!TAILQ_EMPTY(&parts->assemblies))
		drop(parts, TAILQ_FIRST(&parts->assemblies));
	free(parts->whole);
	parts->whole = NULL;
}

static void put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const char *from)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)(uint8_t)from[i] << (8 * i);
	return value;
}

void nats_part_number_write(uint8_t part[NATS_PART_HEAD], uint32_t number, uint32_t count)
{
	put_u32(part + SL_BUS_HEAD_BYTES, number);
	put_u32(part + SL_BUS_HEAD_BYTES + 4, count);
}

static struct nats_assembly *find(
	struct nats_parts *parts, uint64_t subscription, const struct sl_bus_message *part)
{
	struct nats_assembly *assembly;

	TAILQ_FOREACH (assembly, &parts->assemblies, next)
		if (assembly->subscription == subscription && assembly->host == part->host &&
			assembly->origin == part->origin)
			return assembly;
	return NULL;
}

/* All parts but the last are as long as the first. */
static struct nats_assembly *begin(struct nats_parts *parts, uint64_t subscription,
	const struct sl_bus_message *part, uint32_t count)
{
	struct nats_assembly *assembly;
	size_t room;

	if (part->data.len == 0 || count > MESSAGE_MAX_BYTES / part->data.len + 1)
		return NULL;
	room = part->data.len * count;
	while (parts->bytes + room > PARTS_MAX_BYTES)
		drop(parts, TAILQ_FIRST(&parts->assemblies));
	assembly = malloc(sizeof(*assembly) + room);
	if (assembly == NULL)
		return NULL;
	*assembly = (struct nats_assembly){.subscription = subscription,
		.host = part->host,
		.origin = part->origin,
		.sequence = part->sequence,
		.count = count,
		.room = room};
	TAILQ_INSERT_TAIL(&parts->assemblies, assembly, next);
	parts->bytes += room;
	return assembly;
}

static bool add(struct nats_assembly *assembly, const struct sl_bus_message *part, uint32_t number,
	uint32_t count)
{
	if (assembly->sequence != part->sequence || assembly->next_number != number ||
		assembly->count != count || part->data.len > assembly->room - assembly->len)
		return false;
	memcpy(assembly->data + assembly->len, part->data.ptr, part->data.len);
	assembly->len += part->data.len;
	assembly->next_number++;
	return true;
}

static bool take_part(struct nats_parts *parts, struct sl_bus_message *message,
	uint64_t subscription, uint32_t number, uint32_t count)
{
	struct nats_assembly *assembly = find(parts, subscription, message);

	if (number == 0) {
		if (assembly != NULL)
			drop(parts, assembly);
		assembly = begin(parts, subscription, message, count);
	}
	if (assembly == NULL)
		return false;
	if (!add(assembly, message, number, count)) {
		drop(parts, assembly);
		return false;
	}
	if (number + 1 < count)
		return false;
	TAILQ_REMOVE(&parts->assemblies, assembly, next);
	parts->bytes -= assembly->room;
	parts->whole = assembly;
	message->data = (struct sl_str){assembly->data, assembly->len};
	return true;
}

bool nats_parts_take(struct nats_parts *parts, struct sl_bus_message *out, uint64_t subscription,
	struct sl_str bytes)
{
	uint32_t number, count;

	free(parts->whole);
	parts->whole = NULL;
	if (bytes.len < NATS_PART_HEAD || !sl_bus_head_read(out, bytes))
		return false;
	number = get_u32(bytes.ptr + SL_BUS_HEAD_BYTES);
	count = get_u32(bytes.ptr + SL_BUS_HEAD_BYTES + 4);
	out->data = (struct sl_str){bytes.ptr + NATS_PART_HEAD, bytes.len - NATS_PART_HEAD};
	if (count == 0 || number >= count)
		return false;
	return count == 1 || take_part(parts, out, subscription, number, count);
}
