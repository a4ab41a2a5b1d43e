/*
 * Packs and unpacks, nothing else: call/bus_peers.c knows the broker, hub_roster.c what is said.
 * Called by worker_bus.c. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_peers.h"

#include "daemon/pack.h"
#include "daemon/peers_kinds.h"
#include "daemon/worker_bus.h"

static struct worker_bus *bus_of(struct bus_peers_link *link)
{
	/* The first member. */
	return ((struct worker_peers *)(void *)link)->bus;
}

/* A master that does not read is told what it has missed by the next beat. */
static void heard(struct bus_peers_link *link, uint64_t host, struct span said)
{
	struct worker_bus *bus = bus_of(link);
	struct buf body = {0};

	if (!bus_link_is_open(&bus->link) ||
		channel_queued(&bus->link.channel) > bus->link.bytes_max)
		return;
	pack_number(&body, host);
	pack_span(&body, said);
	worker_bus_say(bus, PEERS_HEARD, buf_span(&body));
	buf_fini(&body);
}

static void went(struct bus_peers_link *link, bool is_up)
{
	struct buf body = {0};

	pack_number(&body, is_up);
	worker_bus_say(bus_of(link), PEERS_STATE, buf_span(&body));
	buf_fini(&body);
}

static void take_saying(struct worker_peers *peers, struct span body)
{
	struct host *host = peers->bus->host;
	struct span said;
	uint64_t wants_answer;

	if (!pack_take_number(&body, &wants_answer) || !pack_take_span(&body, &said))
		return;
	bus_peers_say(host, said);
	if (wants_answer != 0)
		went(&peers->link, bus_peers_is_up(host));
}

void worker_peers_take(struct worker_peers *peers, const struct message *message)
{
	struct host *host = peers->bus->host;

	if (message->kind == PEERS_SPEAK)
		bus_peers_speak(host, message->body);
	else if (message->kind == PEERS_HUSH)
		bus_peers_hush(host);
	else if (message->kind == PEERS_SAY)
		take_saying(peers, message->body);
}

void worker_peers_init(struct worker_peers *peers, struct worker_bus *bus)
{
	static const struct bus_peers_ops ops = {heard, went};

	peers->link.ops = &ops;
	peers->bus = bus;
	bus->peers = peers;
	bus_peers_set_link(bus->host, &peers->link);
}
