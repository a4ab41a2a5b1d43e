/*
 * Where topics leave and enter a worker. What is published here goes to every driver, which brings
 * it to members elsewhere; what a driver hears from elsewhere is for members here. The first driver
 * is the local hub of the workers (daemon/worker_bus.c); drivers of brokers stand beside it, one
 * connection to the broker a worker. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_BUS_H
#define SOCKLET_CALL_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "wire/ws_frame.h"

struct host;
struct bus_driver;
struct history_conf;

/* Valid during the call that it is given to. */
struct bus_message {
	struct span topic; /* no wildcard in it */
	enum ws_opcode opcode;
	struct span payload;
	uint64_t host;      /* whose workers published it: a number drawn by the master */
	uint64_t publisher; /* the connection there; 0: none, as a plugin's timer */
	uint64_t sequence;  /* counts up for each worker that publishes, from its birth */
	uint64_t number;    /* in the order of kept messages; 0: of a topic that is not kept */
	uint64_t order;     /* whose numbers these are: this host's, or a store's */
	/* Of messages for the store of a broker. */
	uint64_t origin; /* which counting of a worker `sequence` is of; 0: it is for no store */
	uint64_t had;    /* members of up to that birth (topic_tree.born) have it; 0: nobody */
	bool is_gap;     /* no message: so many were lost before they could be kept */
	uint64_t lost;
};

/* What a subscription asks for of a topic that is kept. */
struct bus_recall {
	uint64_t conn, serial; /* whose; come back with the answers */
	struct span filter;
	uint64_t order; /* of the number; 0: there is none */
	uint64_t after; /* a number; 0: all there is; BUS_NOW: nothing */
	uint64_t bytes; /* as many messages as this holds, at least one */
};

#define BUS_NOW     UINT64_MAX
#define BUS_UNKNOWN (UINT64_MAX - 1) /* a position that nobody has given */

/* What came of it; with a number. */
enum bus_recalled {
	BUS_RECALLED,      /* all; what is kept behind that number comes by itself */
	BUS_RECALLED_PART, /* there is more behind that number */
	BUS_RECALLED_LOST, /* nothing, as some of it is not there any more */
};

struct bus_ops {
	const char *name; /* for the log and the status: "local" */
	/*
	 * It carries between the workers of one host. A message of our own host that comes by any
	 * other driver has come here before, and is passed over.
	 */
	bool is_within;
	/*
	 * Published on this worker. Copies, never blocks; what it cannot take it counts, and has
	 * the other side tell its members of (bus_lost there). Called in the order of publishing.
	 */
	void (*publish)(struct bus_driver *driver, const struct bus_message *message);
	/* A filter has its first subscriber on this worker, or has lost its last. Or NULL. */
	void (*wanted)(struct bus_driver *driver, struct span filter);
	void (*unwanted)(struct bus_driver *driver, struct span filter);
	/*
	 * A message to a topic that is kept: as publish, and it comes back to this worker, too, in
	 * its place in the order. False: there is no room. NULL: a driver that keeps nothing. Of
	 * those within and beyond one host the routes file says which one keeps.
	 */
	bool (*keep)(struct bus_driver *driver, const struct bus_message *message);
	/* Answered by bus_recalled and, at the end, by bus_recall_over. With keep. */
	void (*recall)(struct bus_driver *driver, const struct bus_recall *recall);
	/* The end of a turn in which it was called: what has gathered may leave. Or NULL. */
	void (*flush)(struct bus_driver *driver);
};

/* Part of a driver. */
struct bus_driver {
	const struct bus_ops *ops;
	bool is_touched;
	SLIST_ENTRY(bus_driver) next;
};

/* Until bus_detach. `wanted` is called for each filter that has subscribers. */
void bus_attach(struct host *host, struct bus_driver *driver);
void bus_detach(struct host *host, struct bus_driver *driver);

/* Its flush is called at the end of this turn. */
void bus_touch(struct host *host, struct bus_driver *driver);

/*
 * A driver heard a message: for members of this worker, and for no other driver. Copies. What the
 * queue has no room for is lost, counted and told. At the top of the loop, as from an event.
 */
void bus_receive(
	struct host *host, const struct bus_driver *from, const struct bus_message *message);
/* The answer to a recall: messages in their order, then its end. As bus_receive. */
void bus_recalled(
	struct host *host, uint64_t conn, uint64_t serial, const struct bus_message *message);
void bus_recall_over(struct host *host, uint64_t conn, uint64_t serial, enum bus_recalled outcome,
	uint64_t order, uint64_t number);
/* A driver knows of messages to a topic that were lost on the way; empty: to topics not known. */
void bus_lost(struct host *host, struct span topic, uint64_t count);

/*
 * How many subscriptions this worker has to which filters: from bus_track on, bus_flush runs in
 * each turn in which one has changed, and bus_take_changes gives those, once each. One driver.
 */
void bus_track(struct host *host, bool is_wanted);
bool bus_has_changes(const struct host *host);
void bus_take_changes(struct host *host, size_t max,
	void (*visit)(void *context, struct span filter, size_t count), void *context);
/* A driver was told how many another worker has to a filter; or that one has none any more. */
void bus_counted(struct host *host, unsigned source, struct span filter, uint64_t count);
void bus_uncounted(struct host *host, unsigned source);

/* This host's number, for bus_message.host; before the first publish. 0: one alone. */
void bus_set_host_id(struct host *host, uint64_t id);
uint64_t bus_host_id(const struct host *host);

/* ---- for call/ itself ---- */

void bus_publish(struct host *host, const struct bus_message *message);
/* What the file says of the topic's history; NULL: nothing. There is a generation. */
const struct history_conf *bus_history_of(const struct host *host, struct span topic);
/* Whether messages to the topic, or to all that the filter matches, are kept. */
bool bus_keeps(const struct host *host, struct span topic);
bool bus_keeps_all(const struct host *host, struct span filter);
/* Instead of bus_publish and delivery. False: there is no room. */
bool bus_keep(struct host *host, const struct bus_message *message);
/* For other workers of this host only. */
void bus_publish_within(struct host *host, const struct bus_message *message);
/* They are kept by a broker: whether one can be asked for them, and whether it can be just now. */
bool bus_has_store(const struct host *host);
bool bus_is_away(const struct host *host);
/* False: nobody keeps anything. */
bool bus_recall(struct host *host, const struct bus_recall *recall);
void bus_wanted(struct host *host, struct span filter);
void bus_unwanted(struct host *host, struct span filter);
void bus_changed(struct host *host);
void bus_flush(struct host *host);

#endif
