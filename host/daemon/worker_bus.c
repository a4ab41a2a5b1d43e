/*
 * What a turn has published leaves at its end in one write; what comes in is taken a few hundred
 * messages a turn, so that connections have theirs. Never waits for the master. Called by
 * worker_process.c. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_bus.h"

#include <event2/event.h>
#include <stddef.h>
#include <unistd.h>

#include "base/log.h"
#include "call/host.h"
#include "call/loop.h"
#include "daemon/bus_message_pack.h"
#include "daemon/count_kinds.h"
#include "daemon/pack.h"
#include "daemon/peers_kinds.h"
#include "daemon/admin_kinds.h"
#include "daemon/presence_kinds.h"
#include "daemon/worker_admin.h"
#include "daemon/worker_peers.h"
#include "daemon/worker_presence.h"
#include "net/worker.h"

enum { TURN_MESSAGES = 256 };

static struct worker_bus *bus_of(struct bus_driver *driver)
{
	return (struct worker_bus *)((uintptr_t)driver - offsetof(struct worker_bus, driver));
}

/* ---- out -------------------------------------------------------------------------------- */

static void publish(struct bus_driver *driver, const struct bus_message *message)
{
	struct buf body = {0};

	if (!bus_of(driver)->has_others)
		return;
	bus_message_pack(&body, message);
	bus_link_pass(&bus_of(driver)->link, buf_span(&body), "the master");
	buf_fini(&body);
}

static bool keep(struct bus_driver *driver, const struct bus_message *message)
{
	struct buf body = {0};
	bool has_room;

	bus_message_pack(&body, message);
	has_room = bus_link_pass_or_not(&bus_of(driver)->link, BUS_KEEP, buf_span(&body));
	buf_fini(&body);
	return has_room;
}

/* Small, and at most one for each subscription: it waits for no room. */
static void recall(struct bus_driver *driver, const struct bus_recall *what)
{
	struct buf body = {0};

	bus_recall_pack(&body, what);
	channel_queue(&bus_of(driver)->link.channel, BUS_RECALL, buf_span(&body), -1);
	buf_fini(&body);
}

static void flush(struct bus_driver *driver)
{
	struct worker_bus *bus = bus_of(driver);
	struct timeval later = {0};

	bus_link_flush(&bus->link);
	later.tv_usec = 1000 * (int)worker_counts_tell(&bus->counts, bus->host, &bus->link);
	if (later.tv_usec > 0)
		event_add(bus->later, &later);
	if (channel_is_full(&bus->link.channel))
		event_add(bus->writable, NULL);
}

bool worker_bus_say(struct worker_bus *bus, unsigned kind, struct span body)
{
	if (!bus_link_is_open(&bus->link))
		return false;
	channel_queue(&bus->link.channel, kind, body, -1);
	flush(&bus->driver);
	return true;
}

static void writable_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct worker_bus *bus = arg;

	(void)fd;
	(void)what;
	flush(&bus->driver);
}

/* ---- in --------------------------------------------------------------------------------- */

static void take_past(struct worker_bus *bus, struct span body)
{
	struct bus_message message;
	uint64_t conn, serial;

	if (bus_past_unpack(&body, &conn, &serial) && bus_message_unpack(body, &message))
		bus_recalled(bus->host, conn, serial, &message);
}

static void take_past_over(struct worker_bus *bus, struct span body)
{
	uint64_t conn, serial, number;
	enum bus_recalled outcome;

	if (bus_past_over_unpack(body, &conn, &serial, &outcome, &number))
		bus_recall_over(bus->host, conn, serial, outcome, bus_host_id(bus->host), number);
}

static void take_message(struct worker_bus *bus, const struct message *from)
{
	struct bus_message message;
	struct span topic;
	uint64_t count;

	if (from->fd >= 0)
		close(from->fd);
	if (from->kind == BUS_MESSAGE && bus_message_unpack(from->body, &message))
		bus_receive(bus->host, &bus->driver, &message);
	else if (from->kind == BUS_LOST && bus_loss_unpack(from->body, &topic, &count))
		bus_lost(bus->host, topic, count);
	else if (from->kind == BUS_PAST)
		take_past(bus, from->body);
	else if (from->kind == BUS_PAST_OVER)
		take_past_over(bus, from->body);
	else if (from->kind == COUNTS_TOLD || from->kind == COUNTS_GONE)
		worker_counts_take(bus->host, from);
	else if (from->kind >= PEERS_FIRST && bus->peers != NULL)
		worker_peers_take(bus->peers, from);
	else if (from->kind >= PRESENCE_FIRST && bus->presence != NULL)
		worker_presence_take(bus->presence, from);
	else if (from->kind >= ADMIN_FIRST && bus->admin != NULL)
		worker_admin_take(bus->admin, from);
}

/* The master's end closes with the master, which the other channel tells of. */
static void end(struct worker_bus *bus)
{
	worker_unwatch(bus->worker, &bus->readable);
	event_del(bus->writable);
	event_del(bus->later);
}

static void stop_again(struct worker_bus *bus)
{
	if (bus->again != NULL)
		bus->loop->ops->timer_stop(bus->again);
	bus->again = NULL;
}

static void readable_on_ready(void *arg)
{
	struct worker_bus *bus = arg;
	enum channel_state state = CHANNEL_EMPTY;
	struct message message;

	stop_again(bus);
	for (int i = 0; i < TURN_MESSAGES; i++) {
		state = channel_receive(&bus->link.channel, &message);
		if (state != CHANNEL_MESSAGE)
			break;
		take_message(bus, &message);
	}
	/* The rest has left the socket, perhaps, which then tells nothing. */
	if (state == CHANNEL_MESSAGE)
		bus->again = bus->loop->ops->timer_start(bus->loop, 0, 0, readable_on_ready, bus);
	else if (state == CHANNEL_ENDED)
		end(bus);
}

/* ---- life ------------------------------------------------------------------------------- */

static const struct bus_ops ops = {
	.name = "local",
	.is_within = true,
	.publish = publish,
	.keep = keep,
	.recall = recall,
	.flush = flush,
};

void worker_bus_init(struct worker_bus *bus, struct host *host, struct worker *worker)
{
	bus_link_init(&bus->link);
	bus->driver.ops = &ops;
	bus->host = host;
	bus->worker = worker;
	bus->loop = worker_loop(worker);
}

static void attach(struct worker_bus *bus)
{
	if (bus->is_attached || !bus->is_wanted || !bus_link_is_open(&bus->link))
		return;
	bus->is_attached = true;
	bus_attach(bus->host, &bus->driver);
	bus_track(bus->host, true);
}

void worker_bus_open(struct worker_bus *bus, struct span body, int fd)
{
	uint64_t id;

	if (bus_link_is_open(&bus->link) || !pack_take_number(&body, &id)) {
		close(fd);
		return;
	}
	bus_set_host_id(bus->host, id);
	bus_link_open(&bus->link, fd);
	host_own_descriptor(bus->host, fd);
	bus->readable = (struct poller_watch){.ready = readable_on_ready, .arg = bus, .fd = fd};
	bus->writable = event_new(bus->loop->base, fd, EV_WRITE, writable_on_event, bus);
	bus->later = event_new(bus->loop->base, -1, 0, writable_on_event, bus);
	worker_watch(bus->worker, &bus->readable);
	attach(bus);
}

void worker_bus_join(struct worker_bus *bus, bool has_others)
{
	bus->has_others |= has_others;
	bus->is_wanted = true;
	attach(bus);
}

void worker_bus_set_queue(struct worker_bus *bus, uint64_t bytes)
{
	bus->link.bytes_max = bytes;
}

void worker_bus_fini(struct worker_bus *bus)
{
	if (bus->is_attached) {
		bus_track(bus->host, false);
		bus_detach(bus->host, &bus->driver);
	}
	if (!bus_link_is_open(&bus->link))
		return;
	/* What many a disconnect has published is for the others still; the master reads. */
	channel_drain(&bus->link.channel);
	bus_link_flush(&bus->link);
	channel_drain(&bus->link.channel);
	worker_unwatch(bus->worker, &bus->readable);
	stop_again(bus);
	event_free(bus->writable);
	event_free(bus->later);
	host_disown_descriptor(bus->host, bus->link.channel.fd);
	bus_link_close(&bus->link);
}
