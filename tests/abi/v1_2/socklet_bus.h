/*
 * socklet_bus.h: what a bus driver is to socklet. Bus ABI 1.
 *
 * A bus driver brings what is published on one host to the members of topics on others, by way of a
 * broker. It is a plugin like any other, with options, start, stop, timers and log, whose SL_PLUGIN
 * has one more word; it needs neither connect nor message:
 *
 *	#include <socklet_bus.h>
 *
 *	static const struct sl_bus carrier_bus = {sizeof(struct sl_bus),
 *		.publish = carrier_publish, .wanted = carrier_wanted,
 *		.unwanted = carrier_unwanted};
 *
 *	SL_PLUGIN(carrier, sl_no_args, .options = carrier_options_table, .start = carrier_start,
 *		.stop = carrier_stop, .bus = &carrier_bus);
 *
 * `bus: {driver: carrier, options: {…}}` at the top of routes.yaml names it. Every worker has one,
 * with a connection of its own to the broker, on sl_event_base(). The host keeps what is published
 * while the broker is away, drops echoes and duplicates, counts what is lost, and matches filters
 * once more by itself; the driver connects, and moves bytes. `start` begins to connect and returns
 * without waiting; whatever comes of it is told by sl_bus_state, a broker that is away is no reason
 * to refuse the load. Options that cannot be right are.
 *
 * Each entry says, as far as it applies: What. Owned by. Valid. When. Limits. Fails.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BUS_H
#define SOCKLET_BUS_H

#include <socklet.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One published message, going out or come in. Valid during the call that it is given to. A driver
 * carries all of it to the other hosts, by sl_bus_head_write and sl_bus_head_read or another way.
 */
struct sl_bus_message {
	struct sl_str topic; /* no wildcard in it; from the host: followed by a NUL */
	struct sl_str data;  /* 16 MiB at most */
	uint64_t host;       /* whose worker published it */
	uint64_t origin;     /* who has numbered it: that worker, since its birth */
	uint64_t publisher;  /* the connection there; 0: none, as a plugin's timer */
	uint64_t sequence;   /* counts up by one with each message of that origin to that topic */
	uint64_t type;       /* SL_TEXT or SL_BINARY */
};

/* How it is with the broker. */
enum {
	SL_BUS_DOWN = 0, /* not connected; the driver will try again */
	SL_BUS_CONNECTING = 1,
	SL_BUS_UP = 2, /* publish and wanted will arrive */
};

/*
 * What a driver offers. All are called at the end of a turn of the loop, when no other plugin code
 * is on the stack, and only while the state is SL_BUS_UP. None may block. Grows at its end only.
 */
struct sl_bus {
	uint32_t size; /* of this struct */
	/*
	 * Published on this worker. Copies what it needs. Called in the order of publishing, which
	 * must be kept for each topic. SL_OK: taken. SL_FULL: too much waits for the broker; the
	 * host keeps it, and all behind it, and offers it again when the driver says
	 * sl_bus_state(SL_BUS_UP) once more. Another result: cannot be carried; counted as lost.
	 */
	int (*publish)(struct sl_plugin *, const struct sl_bus_message *);
	/*
	 * A filter, perhaps with wildcards ("room/+", "room/#"), has its first subscriber on this
	 * worker, or has lost its last. Followed by a NUL. Each time that the state becomes
	 * SL_BUS_UP, `wanted` is called again for all there are, before the first publish. More
	 * than is wanted may be received: the host looks who gets it. The same message may come
	 * once for each filter that it matches.
	 */
	void (*wanted)(struct sl_plugin *, struct sl_str filter);
	void (*unwanted)(struct sl_plugin *, struct sl_str filter);
	/* After the calls of one turn: what has gathered may leave. Or NULL. */
	void (*flush)(struct sl_plugin *);
};

/* ---- the host's functions -------------------------------------------------------------------- */

/* Drivers call the functions below, not this table. It grows at its end only. */
struct sl_bus_host {
	uint32_t size;
	int (*received)(struct sl_plugin *, const struct sl_bus_message *, size_t size);
	void (*lost)(struct sl_plugin *, struct sl_str topic, uint64_t count);
	void (*state)(struct sl_plugin *, uint32_t state, const char *text);
	uint64_t (*host_id)(const struct sl_plugin *);
};

#define SL_BUS_EXTENSION "socklet.bus.1"

static inline const struct sl_bus_host *sl_bus_host_(void)
{
	return (const struct sl_bus_host *)sl_extension(SL_BUS_EXTENSION);
}

/*
 * The broker brought a message: for the members on this worker. Copied. What this host published
 * itself, and what came before, is passed over: give it all. A gap in the sequence is counted as
 * lost, so that the order of each topic must be the broker's. When: from the driver's own events
 * and timers, in any state. Fails: SL_INVALID for a topic with wildcards or bytes that cannot be a
 * message; SL_CLOSED when a reload has put another driver in this one's place.
 */
static inline int sl_bus_received(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	return sl_bus_host_()->received(plugin, message, sizeof(*message));
}

/*
 * The driver knows of messages from elsewhere that it could not have, as the broker has dropped
 * them; those that the numbers will tell of are not meant. Subscribers that have a `lost` callback
 * are told. Topic: empty if that is not known. When: as sl_bus_received.
 */
static inline void sl_bus_lost(struct sl_plugin *plugin, struct sl_str topic, uint64_t count)
{
	sl_bus_host_()->lost(plugin, topic, count);
}

/*
 * How it is with the broker: for the log (each change once) and `socklet status`. Text: which
 * broker, or why not, without passwords: "127.0.0.1:6379: connection refused, next try in 2 s";
 * copied. SL_BUS_UP once more: what was SL_FULL may be offered again. When: from start on; `wanted`
 * and `publish` follow at the end of the turn, never inside of this call.
 */
static inline void sl_bus_state(struct sl_plugin *plugin, uint32_t state, const char *text)
{
	sl_bus_host_()->state(plugin, state, text);
}

/* This host's number, as in sl_bus_message.host: the same in all of its workers. 0 in a check. */
static inline uint64_t sl_bus_host_id(const struct sl_plugin *plugin)
{
	return sl_bus_host_()->host_id(plugin);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/*
 * A message as most brokers want it: one string of bytes, a head and behind it the data. The topic
 * is not in it. "SLB", the type as one byte, then host, origin, publisher and sequence with eight
 * bytes each, the least first.
 */
enum { SL_BUS_HEAD_BYTES = 36 };

static inline void sl_bus_head_write(
	uint8_t out[SL_BUS_HEAD_BYTES], const struct sl_bus_message *message)
{
	const uint64_t numbers[4] = {
		message->host, message->origin, message->publisher, message->sequence};
	int i;

	out[0] = 'S';
	out[1] = 'L';
	out[2] = 'B';
	out[3] = (uint8_t)message->type;
	for (i = 0; i < 32; i++)
		out[4 + i] = (uint8_t)(numbers[i / 8] >> (8 * (i % 8)));
}

/* All but the topic, which is emptied; `data` points into `bytes`. False: no host wrote that. */
static inline bool sl_bus_head_read(struct sl_bus_message *out, struct sl_str bytes)
{
	uint64_t numbers[4] = {0, 0, 0, 0};
	int i;

	if (bytes.len < SL_BUS_HEAD_BYTES || bytes.ptr[0] != 'S' || bytes.ptr[1] != 'L' ||
		bytes.ptr[2] != 'B' || (bytes.ptr[3] != SL_TEXT && bytes.ptr[3] != SL_BINARY))
		return false;
	for (i = 0; i < 32; i++)
		numbers[i / 8] |= (uint64_t)(uint8_t)bytes.ptr[4 + i] << (8 * (i % 8));
	out->topic.ptr = "";
	out->topic.len = 0;
	out->data.ptr = bytes.ptr + SL_BUS_HEAD_BYTES;
	out->data.len = bytes.len - SL_BUS_HEAD_BYTES;
	out->host = numbers[0];
	out->origin = numbers[1];
	out->publisher = numbers[2];
	out->sequence = numbers[3];
	out->type = (uint64_t)bytes.ptr[3];
	return true;
}

#ifdef __cplusplus
}
#endif

#endif
