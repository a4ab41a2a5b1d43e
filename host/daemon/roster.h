/*
 * Who is present on all hosts that share a broker: each tells the others what changes, and again
 * and again what they should know by now, so that whatever was lost on the way is noticed and told
 * anew. Has no clock and no socket: it is given the time and what was heard, and gives out what is
 * to be said. conf/README.md has the rules as a user sees them. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ROSTER_H
#define SOCKLET_DAEMON_ROSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "daemon/presence_table.h"

enum { ROSTER_HOSTS_MAX = 1024 }; /* others that are known at a time */

struct roster_peer; /* another host */

struct roster_ops {
	/* To all other hosts; may get lost. A beat is what has to be said by somebody who lives. */
	void (*send)(void *context, struct span body, bool is_beat);
	/* Whether much may be sent, or the way is full. */
	bool (*has_room)(void *context);
	/* Somebody of another host has come, or goes: to members here. Row: valid in the call. */
	void (*tell)(void *context, bool has_come, const struct presence_row *row);
};

struct roster_limits {
	uint64_t interval_ms; /* between two beats */
	uint64_t timeout_ms;  /* without one we are gone, for others */
	uint64_t bytes_max;   /* of what is known of others */
};

struct roster_counts {
	uint64_t sent, heard;
	uint64_t refused; /* of those heard: could be no message */
	uint64_t hosts_left_out;
};

/* Its own part of what others are sent, one member after the other by `born`. */
struct roster_walk {
	bool is_under_way, is_wanted_again;
	struct presence_row *at; /* the next one; NULL: whoever comes next */
	uint64_t after;          /* what the next part begins behind */
	uint64_t next_ms;
};

struct roster {
	const struct roster_ops *ops;
	void *context;
	struct presence_table *table;
	uint64_t host; /* ours */
	struct roster_limits limits;
	/* Ours: */
	uint64_t version, digest;
	struct buf news; /* changes from `news_from` on, not sent yet */
	uint64_t news_from;
	bool is_online, is_over;
	bool wants_answer; /* with the next beat */
	uint64_t beat_ms, last_beat_ms;
	struct roster_walk walk;
	/* Of others: */
	TAILQ_HEAD(roster_peers, roster_peer) peers;
	size_t peer_count, bytes;
	struct roster_counts counts;
	uint64_t due_ms;                             /* when the next tick was wanted */
	uint64_t refused_ms, full_ms, hosts_full_ms; /* of the last line about it */
};

/* Ours are in the table; those of others will be, too. */
void roster_init(struct roster *roster, struct presence_table *table, uint64_t host,
	const struct roster_ops *ops, void *context);
/* Takes the others out of the table, and tells nobody. */
void roster_fini(struct roster *roster);
void roster_set_limits(struct roster *roster, const struct roster_limits *limits);

/* One of ours is in the table from now on; is still in it. */
void roster_joined(struct roster *roster, struct presence_row *row);
void roster_leaves(struct roster *roster, struct presence_row *row);

/* There is a way to the broker from now on, or another one than before; or none. */
void roster_greet(struct roster *roster);
void roster_set_offline(struct roster *roster);
/* The last that is said. */
void roster_say_goodbye(struct roster *roster);
/* There is no broker any more: the others are gone. */
void roster_forget(struct roster *roster);

/* What another host says; host: as the bus has it. */
void roster_hear(struct roster *roster, uint64_t host, struct span body, uint64_t now_ms);
/* Does what is due, also what was noted since; returns when it wants to be called again. */
uint64_t roster_tick(struct roster *roster, uint64_t now_ms);

/* ---- for its own files ---- */

/* Lost when there is no way to the broker. */
void roster_send(struct roster *roster, const struct buf *body, bool is_beat);
/* The next tick is wanted at that time, or before. */
void roster_until(struct roster *roster, uint64_t ms);
/* Somebody has asked for all of ours. */
void roster_want_walk(struct roster *roster, uint64_t now_ms);

/* ---- for the status ---- */

/* Of another host. */
struct roster_census {
	uint64_t host;
	size_t members, left_out;
	uint64_t heard_ms; /* ago */
	bool is_behind;    /* something is missing, and was asked for */
	bool is_leaving;
};

void roster_each(const struct roster *roster, uint64_t now_ms,
	void (*visit)(void *context, const struct roster_census *census), void *context);

#endif
