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
#include "daemon/bus_message_pack.h"
#include "daemon/pack.h"

enum { TURN_MESSAGES = 256 };

static struct worker_bus *bus_of(struct bus_driver *driver)
{
	return (struct worker_bus *)((uintptr_t)driver - offsetof(struct worker_bus, driver));
}

/* ---- out -------------------------------------------------------------------------------- */

static void publish(struct bus_driver *driver, const struct bus_message *message)
{
	struct buf body = {0};

	bus_message_pack(&body, message);
	bus_link_pass(&bus_of(driver)->link, buf_span(&body), "the master");
	buf_fini(&body);
}

static void flush(struct bus_driver *driver)
{
	struct worker_bus *bus = bus_of(driver);

	bus_link_flush(&bus->link);
	if (channel_is_full(&bus->link.channel))
		event_add(bus->writable, NULL);
}

static void writable_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct worker_bus *bus = arg;

	(void)fd;
	(void)what;
	flush(&bus->driver);
}

/* ---- in --------------------------------------------------------------------------------- */

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
}

/* The master's end closes with the master, which the other channel tells of. */
static void end(struct worker_bus *bus)
{
	event_del(bus->readable);
	event_del(bus->writable);
}

static void readable_on_event(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval at_once = {0, 0};
	struct worker_bus *bus = arg;
	enum channel_state state = CHANNEL_EMPTY;
	struct message message;

	(void)fd;
	(void)what;
	for (int i = 0; i < TURN_MESSAGES; i++) {
		state = channel_receive(&bus->link.channel, &message);
		if (state != CHANNEL_MESSAGE)
			break;
		take_message(bus, &message);
	}
	/* The rest has left the socket, perhaps, which then tells nothing. */
	if (state == CHANNEL_MESSAGE)
		event_add(bus->again, &at_once);
	else if (state == CHANNEL_ENDED)
		end(bus);
}

/* ---- life ------------------------------------------------------------------------------- */

static const struct bus_ops ops = {
	.name = "local", .is_within = true, .publish = publish, .flush = flush};

void worker_bus_init(struct worker_bus *bus, struct host *host, struct event_base *base)
{
	bus_link_init(&bus->link);
	bus->driver.ops = &ops;
	bus->host = host;
	bus->base = base;
}

static void attach(struct worker_bus *bus)
{
	if (bus->is_attached || !bus->is_wanted || !bus_link_is_open(&bus->link))
		return;
	bus->is_attached = true;
	bus_attach(bus->host, &bus->driver);
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
	bus->readable = event_new(bus->base, fd, EV_READ | EV_PERSIST, readable_on_event, bus);
	bus->writable = event_new(bus->base, fd, EV_WRITE, writable_on_event, bus);
	bus->again = event_new(bus->base, -1, 0, readable_on_event, bus);
	event_add(bus->readable, NULL);
	attach(bus);
}

void worker_bus_join(struct worker_bus *bus)
{
	bus->is_wanted = true;
	attach(bus);
}

void worker_bus_set_queue(struct worker_bus *bus, uint64_t bytes)
{
	bus->link.bytes_max = bytes;
}

void worker_bus_fini(struct worker_bus *bus)
{
	if (bus->is_attached)
		bus_detach(bus->host, &bus->driver);
	if (!bus_link_is_open(&bus->link))
		return;
	/* What was published last, in a disconnect, is for the others still. */
	bus_link_flush(&bus->link);
	event_free(bus->readable);
	event_free(bus->writable);
	event_free(bus->again);
	host_disown_descriptor(bus->host, bus->link.channel.fd);
	bus_link_close(&bus->link);
}
