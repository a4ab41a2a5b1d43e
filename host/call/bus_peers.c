/*
 * Neither numbered nor counted as what plugins publish: the hosts know by themselves what they have
 * missed. Called by bus_plugin.c and daemon/worker_peers.c. SPDX-License-Identifier: MIT
 */
#include "call/bus_peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/host_state.h"
#include "plugin/plugin.h"

enum { WAITING_BYTES = 4 * 1024 * 1024 };

static const char topic[] = "$socklet/hosts";

static const struct sl_str topic_text = {topic, sizeof(topic) - 1};

struct bus_saying {
	STAILQ_ENTRY(bus_saying) next;
	size_t len;
	char bytes[];
};

/* ---- out -------------------------------------------------------------------------------- */

static void drop(struct bus_peers *peers)
{
	struct bus_saying *first = STAILQ_FIRST(&peers->waiting);

	STAILQ_REMOVE_HEAD(&peers->waiting, next);
	peers->bytes -= first->len;
	free(first);
}

static void drop_all(struct bus_peers *peers)
{
	while (!STAILQ_EMPTY(&peers->waiting))
		drop(peers);
}

static void queue(struct bus_peers *peers, struct span body)
{
	struct bus_saying *saying;

	if (body.len == 0 || peers->bytes + body.len > WAITING_BYTES)
		return;
	saying = xmalloc(sizeof(*saying) + body.len);
	saying->len = body.len;
	memcpy(saying->bytes, body.ptr, body.len);
	peers->bytes += body.len;
	STAILQ_INSERT_TAIL(&peers->waiting, saying, next);
}

void bus_peers_say(struct host *host, struct span body)
{
	if (!bus_plugin_is_up(&host->broker))
		return;
	queue(&host->broker.peers, body);
	bus_touch(host, &host->broker.driver);
}

static void publish(struct bus_plugin *bus, const struct bus_saying *saying)
{
	const struct sl_bus_message message = {
		.topic = topic_text,
		.data = {saying->bytes, saying->len},
		.host = bus_host_id(bus->host),
		.origin = bus->origin,
		.sequence = ++bus->peers.sequence,
		.type = SL_BINARY,
	};

	bus->is_full = plugin_call_bus_publish(bus->plugin, &message) == SL_FULL;
}

void bus_peers_flush(struct bus_plugin *bus)
{
	struct bus_peers *peers = &bus->peers;

	if (peers->is_told != peers->speaks) {
		peers->is_told = peers->speaks;
		plugin_call_bus_filter(bus->plugin, topic_text, peers->speaks);
	}
	while (bus_plugin_is_up(bus) && !bus->is_full && !STAILQ_EMPTY(&peers->waiting)) {
		publish(bus, STAILQ_FIRST(&peers->waiting));
		if (!bus->is_full)
			drop(peers);
	}
}

/* ---- in --------------------------------------------------------------------------------- */

bool bus_peers_take(struct bus_plugin *bus, const struct sl_bus_message *message)
{
	struct span name = {message->topic.ptr, message->topic.len};
	struct bus_peers_link *link = bus->peers.link;

	if (!topic_name_is_of_host(name))
		return false;
	if (bus->peers.speaks && link != NULL &&
		span_equal(name, (struct span){topic_text.ptr, topic_text.len}))
		link->ops->heard(
			link, message->host, (struct span){message->data.ptr, message->data.len});
	return true;
}

/* ---- who speaks ------------------------------------------------------------------------- */

bool bus_peers_is_up(const struct host *host)
{
	return bus_plugin_is_up(&host->broker);
}

void bus_peers_note_state(struct bus_plugin *bus)
{
	struct bus_peers *peers = &bus->peers;

	if (!bus_plugin_is_up(bus)) {
		peers->is_told = false;
		drop_all(peers);
	}
	if (bus_plugin_is_up(bus) == peers->was_up)
		return;
	peers->was_up = bus_plugin_is_up(bus);
	if (peers->link != NULL)
		peers->link->ops->went(peers->link, peers->was_up);
}

void bus_peers_set_link(struct host *host, struct bus_peers_link *link)
{
	host->broker.peers.link = link;
}

static void set_speaks(struct host *host, bool speaks)
{
	host->broker.peers.speaks = speaks;
	if (bus_plugin_is_up(&host->broker))
		bus_touch(host, &host->broker.driver);
}

void bus_peers_speak(struct host *host, struct span farewell)
{
	struct buf *kept = &host->broker.peers.farewell;

	kept->len = 0;
	buf_append_span(kept, farewell);
	set_speaks(host, true);
}

void bus_peers_hush(struct host *host)
{
	set_speaks(host, false);
}

void bus_peers_part(struct bus_plugin *bus)
{
	if (bus->peers.speaks && bus_plugin_is_up(bus))
		queue(&bus->peers, buf_span(&bus->peers.farewell));
}

void bus_peers_init(struct bus_peers *peers)
{
	STAILQ_INIT(&peers->waiting);
}

void bus_peers_fini(struct bus_peers *peers)
{
	drop_all(peers);
	buf_fini(&peers->farewell);
}
