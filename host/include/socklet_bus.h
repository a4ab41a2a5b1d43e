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
 * A driver that also gives .keep and .recall has a store: topics of `topics: {history: …}` are kept
 * there, for all hosts on that broker, where routes.yaml says `history_store: bus`.
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
	uint64_t type;       /* SL_TEXT, SL_BINARY; of what is kept also SL_BUS_GAP */
	/* Of what the store has numbered; zero in all others, and in what is to be kept. */
	uint64_t order;  /* which store, in which of its lives */
	uint64_t number; /* counts up in that order, over all topics */
};

/*
 * Type of a kept message that is none: `data` is a decimal number, of so many messages to the topic
 * that were lost before they could be kept. What the store has of the topic from before is still
 * given to those who ask for all there is, and no longer to those who come with a position.
 */
enum { SL_BUS_GAP = 0 };

/* How it is with the broker. */
enum {
	SL_BUS_DOWN = 0, /* not connected; the driver will try again */
	SL_BUS_CONNECTING = 1,
	SL_BUS_UP = 2, /* publish and wanted will arrive */
};

/* What the store may have of a message's topic, and of all. The rule of the last message counts. */
struct sl_bus_rule {
	uint64_t messages; /* so many of the topic, the last ones */
	uint64_t time_ms;  /* this message no longer than that; UINT64_MAX: however old it is */
	uint64_t bytes;    /* of all topics together, about; the oldest go first */
};

/* What is asked of the store. Texts are valid during the call. */
struct sl_bus_recall {
	uint64_t id;                  /* comes back with the answer */
	const struct sl_str *filters; /* whose messages: what matches any; each with a NUL */
	uint64_t filter_count;
	/*
	 * Behind which position. Order 0: of whichever order there is. After 0: all there is, after
	 * SL_BUS_NOW: nothing, only where the store stands.
	 */
	uint64_t order, after;
	uint64_t bytes; /* of data, about: more come in another recall; at least one message */
	/*
	 * 0: what has gone behind that position makes the answer SL_BUS_LOST. Else what there is is
	 * wanted all the same, and sl_bus_lost says before it of which topics something has gone
	 * (with count 0), unless all there is was asked for.
	 */
	uint64_t anyhow;
};

#define SL_BUS_NOW UINT64_MAX

/* The outcome of a recall; with the order of the store, and a number. */
enum {
	SL_BUS_ALL = 0,  /* that was all: the last number given by the store at that moment */
	SL_BUS_PART = 1, /* there is more behind that number */
	SL_BUS_LOST = 2, /* the position is of another order, or something behind it has gone */
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
	/*
	 * Published on this worker, to a topic that is kept. In one atomic step of the broker:
	 * number it, store it, forget what the rule has no room for, and send it to every worker
	 * that wants the topic, this one too, as a message with order and number. Messages arrive
	 * everywhere in the order of their numbers. `origin` and `sequence` count what one worker
	 * keeps, whatever the topics: a sequence that is not above the last stored one of its
	 * origin is there already, and counts as kept. SL_OK: taken; sl_bus_kept follows, in the
	 * order of the calls, also when the broker refuses it for good. The host has a copy until
	 * then, and gives it once more after a reconnect: the driver must not. Other results: as
	 * publish. Or NULL: there is no store. Since bus ABI 1 of socklet 1.2.
	 */
	int (*keep)(struct sl_plugin *, const struct sl_bus_message *, const struct sl_bus_rule *);
	/*
	 * Asks the store. When it answers, every `wanted` and `keep` called before has had its
	 * effect. Answered, never within this call, by sl_bus_recalled and sl_bus_recall_over.
	 * Those of a connection that broke are forgotten: the host asks again. Results: as keep.
	 */
	int (*recall)(struct sl_plugin *, const struct sl_bus_recall *);
};

/* ---- the host's functions -------------------------------------------------------------------- */

/* Drivers call the functions below, not this table. It grows at its end only. */
struct sl_bus_host {
	uint32_t size;
	int (*received)(struct sl_plugin *, const struct sl_bus_message *, size_t size);
	void (*lost)(struct sl_plugin *, struct sl_str topic, uint64_t count);
	void (*state)(struct sl_plugin *, uint32_t state, const char *text);
	uint64_t (*host_id)(const struct sl_plugin *);
	void (*kept)(struct sl_plugin *, uint64_t count);
	void (*recalled)(
		struct sl_plugin *, uint64_t id, const struct sl_bus_message *, size_t size);
	void (*recall_over)(
		struct sl_plugin *, uint64_t id, uint64_t outcome, uint64_t order, uint64_t number);
};

#define SL_BUS_EXTENSION "socklet.bus.1"

static inline const struct sl_bus_host *sl_bus_host_(void)
{
	return (const struct sl_bus_host *)sl_extension(SL_BUS_EXTENSION);
}

/*
 * The broker brought a message: for the members on this worker. Copied. What this host published
 * itself, and what came before, is passed over: give it all. A gap in the sequence is counted as
 * lost, so that the order of each topic must be the broker's; what is numbered comes in the order
 * of numbers, whatever the topics, and may have gaps. When: from the driver's own events
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
 * are told. Topic: empty if that is not known. Count: 0 if that is not known. When: as
 * sl_bus_received.
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

/* So many more of those that `keep` has taken are done with, the first ones. When: as received. */
static inline void sl_bus_kept(struct sl_plugin *plugin, uint64_t count)
{
	sl_bus_host_()->kept(plugin, count);
}

/*
 * A message that a recall asked for, with order and number; in the order of numbers. Copied. More
 * than was asked for does no harm. When: as sl_bus_received. Limits: the host passes over those of
 * a recall that it has forgotten.
 */
static inline void sl_bus_recalled(
	struct sl_plugin *plugin, uint64_t id, const struct sl_bus_message *message)
{
	sl_bus_host_()->recalled(plugin, id, message, sizeof(*message));
}

/* The end of an answer: SL_BUS_ALL, SL_BUS_PART or SL_BUS_LOST. */
static inline void sl_bus_recall_over(
	struct sl_plugin *plugin, uint64_t id, uint64_t outcome, uint64_t order, uint64_t number)
{
	sl_bus_host_()->recall_over(plugin, id, outcome, order, number);
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
		bytes.ptr[2] != 'B' || (uint8_t)bytes.ptr[3] > SL_BINARY)
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
	out->order = 0;
	out->number = 0;
	return true;
}

#ifdef __cplusplus
}
#endif

#endif
