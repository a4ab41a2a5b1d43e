/*
 * What the hosts on a broker say to each other, beside what plugins publish: whole messages on a
 * topic of their own, of which plugins know nothing. In a host one worker speaks, and hears; the
 * master says which. Nothing is kept while the broker is away: who says something says it again.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_BUS_PEERS_H
#define SOCKLET_CALL_BUS_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"

struct bus_peers_link;
struct bus_plugin;
struct host;
struct sl_bus_message;

/* What daemon/ implements. */
struct bus_peers_ops {
	/* Another host has said that; borrowed. */
	void (*heard)(struct bus_peers_link *link, uint64_t host, struct span body);
	/* Whether what is said goes out now. */
	void (*went)(struct bus_peers_link *link, bool is_up);
};

struct bus_peers_link {
	const struct bus_peers_ops *ops;
};

struct bus_saying; /* waits for the end of the turn */

/* Part of struct bus_plugin. */
struct bus_peers {
	struct bus_peers_link *link;
	bool speaks;
	bool is_told; /* the driver: that we want to hear */
	bool was_up;
	struct buf farewell; /* for a broker that is not wanted any more */
	STAILQ_HEAD(, bus_saying) waiting;
	size_t bytes;
	uint64_t sequence;
};

void bus_peers_set_link(struct host *host, struct bus_peers_link *link);
/* This worker speaks for its host from now on. */
void bus_peers_speak(struct host *host, struct span farewell);
void bus_peers_hush(struct host *host);
/* To all other hosts. Lost when the broker is away. */
void bus_peers_say(struct host *host, struct span body);
bool bus_peers_is_up(const struct host *host);

/* ---- for bus_plugin.c ---- */

void bus_peers_init(struct bus_peers *peers);
void bus_peers_fini(struct bus_peers *peers);
/* At the end of a turn in which the driver is up. */
void bus_peers_flush(struct bus_plugin *bus);
/* The driver is up or not, is another, or none. */
void bus_peers_note_state(struct bus_plugin *bus);
/* The broker has heard the last of us. */
void bus_peers_part(struct bus_plugin *bus);
/* Whether it was for hosts only, and is dealt with. */
bool bus_peers_take(struct bus_plugin *bus, const struct sl_bus_message *message);

#endif
