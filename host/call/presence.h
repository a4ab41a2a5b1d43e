/*
 * Who is present in a topic, as plugins say it: each is told to the master, and published to
 * "$presence/" and the topic for whoever wants to hear who comes and goes.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_PRESENCE_H
#define SOCKLET_CALL_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"

struct host;
struct presence_link;
struct sl_conn;

enum {
	PRESENCE_LABEL_MAX = 255,    /* bytes */
	PRESENCE_LISTED_MAX = 10000, /* that one answer tells of */
};

/* Of one connection: the topics that it is present in. Zero it. */
struct presence {
	LIST_HEAD(, presence_entry) entries;
	size_t count;
};

/* What daemon/ implements; the list of all workers is the master's. */
struct presence_link_ops {
	void (*join)(struct presence_link *link, struct span topic, uint64_t id, struct span label);
	void (*leave)(struct presence_link *link, struct span topic, uint64_t id);
	/* presence_listed follows. False: too much waits already. */
	bool (*ask)(struct presence_link *link, struct span topic, uint64_t id);
};

struct presence_link {
	const struct presence_link_ops *ops;
};

/* NULL: this worker is alone, and nobody can be asked. */
void presence_set_link(struct host *host, struct presence_link *link);
/* A worker has died with that connection, and this one is to say so. */
void presence_gone(struct host *host, const char *topic, uint64_t id, const char *label);
/* What the connection `id` has asked for, if it is still there. */
void presence_listed(struct host *host, uint64_t id, struct span json);

/* ---- for call/ itself: sl_present, sl_send_present ---- */

int presence_set(struct sl_conn *conn, const char *topic, const char *label);
int presence_send(struct sl_conn *conn, const char *topic);
/* The connection has ended; at the top of the loop. */
void presence_end(struct sl_conn *conn);

#endif
