/*
 * Packs and unpacks, nothing else: call/presence.c knows the connections, hub_presence.c all that
 * are present. Called by worker_bus.c. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_presence.h"

#include "daemon/pack.h"
#include "daemon/presence_kinds.h"
#include "daemon/worker_bus.h"

static void say(struct presence_link *link, unsigned kind, uint64_t id, struct span topic,
	const struct span *label)
{
	/* The first member. */
	struct worker_presence *presence = (struct worker_presence *)(void *)link;
	struct buf body = {0};

	pack_number(&body, id);
	pack_span(&body, topic);
	if (label != NULL)
		pack_span(&body, *label);
	worker_bus_say(presence->bus, kind, buf_span(&body));
	buf_fini(&body);
}

static void join(struct presence_link *link, struct span topic, uint64_t id, struct span label)
{
	say(link, PRESENCE_JOIN, id, topic, &label);
}

static void leave(struct presence_link *link, struct span topic, uint64_t id)
{
	say(link, PRESENCE_LEAVE, id, topic, NULL);
}

static bool ask(struct presence_link *link, struct span topic, uint64_t id)
{
	const struct bus_link *bus = &((struct worker_presence *)(void *)link)->bus->link;

	if (!bus_link_is_open(bus) || channel_queued(&bus->channel) > bus->bytes_max)
		return false;
	say(link, PRESENCE_ASK, id, topic, NULL);
	return true;
}

void worker_presence_take(struct worker_presence *presence, const struct message *message)
{
	struct host *host = presence->bus->host;
	struct span body = message->body, json;
	uint64_t id;

	if (!pack_take_number(&body, &id))
		return;
	if (message->kind == PRESENCE_LIST && pack_take_span(&body, &json))
		presence_listed(host, id, json);
}

void worker_presence_init(struct worker_presence *presence, struct worker_bus *bus)
{
	static const struct presence_link_ops ops = {join, leave, ask};

	presence->link.ops = &ops;
	presence->bus = bus;
	bus->presence = presence;
	presence_set_link(bus->host, &presence->link);
}
