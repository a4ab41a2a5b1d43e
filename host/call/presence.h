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

#include "base/buf.h"
#include "base/err.h"
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
/* What the connection `id` has asked for, if it is still there. */
void presence_listed(struct host *host, uint64_t id, struct span json);

/* What is published to "$presence/" and the topic. */
struct presence_notice {
	bool has_come;
	struct span topic, label;
	uint64_t host; /* whose number is to be in it; 0: nobody's, as there is no bus */
	uint64_t id;
};

void presence_print_notice(struct buf *out, const struct presence_notice *notice);
/* Where that is published. */
void presence_print_topic(struct buf *out, struct span topic);
/* The number of a host as texts for people and programs have it. */
enum { PRESENCE_HOST_SIZE = 17 };
void presence_print_host(char out[PRESENCE_HOST_SIZE], uint64_t host);

/* Whether there can be notices of it, too: they have a level more. False fills `why`. */
bool presence_check_topic(struct span topic, struct err *why);
bool presence_check_label(struct span label, struct err *why);

/* ---- for call/ itself: sl_present, sl_send_present ---- */

int presence_set(struct sl_conn *conn, const char *topic, const char *label);
int presence_send(struct sl_conn *conn, const char *topic);
/* The connection has ended; at the top of the loop. */
void presence_end(struct sl_conn *conn);

#endif
