/*
 * The workers as the master sees them: a process each, its channel, how it has been.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CREW_H
#define SOCKLET_DAEMON_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/config.h"
#include "daemon/bus_link.h"
#include "daemon/channel.h"
#include "daemon/listen_set.h"
#include "daemon/order.h"
#include "daemon/process.h"
#include "daemon/watchdog.h"

enum member_state {
	MEMBER_NONE,     /* no process; one starts at respawn_ms if it is wanted */
	MEMBER_STARTING, /* it has its first order */
	MEMBER_SERVING,
	MEMBER_LEAVING, /* told to stop */
};

/* Its part in the load that the master tries to make all workers serve. */
enum member_load { LOAD_NONE, LOAD_ASKED, LOAD_PREPARED, LOAD_COMMITTED };

struct breadcrumb;

struct member {
	unsigned index;
	enum member_state state;
	pid_t pid;
	struct channel channel;
	struct bus_link link;    /* of topics; hub.c's */
	bool link_has_more;      /* was left over in its last round */
	struct breadcrumb *page; /* which plugin code it runs, or ran when it died */
	struct watched watched;
	enum member_load load;
	unsigned unanswered;        /* PREPAREs, given up ones included */
	unsigned number;            /* of the generation that it serves */
	uint64_t since_ms;          /* of its state */
	uint64_t stop_ms;           /* that it gives its connections when it is to end */
	uint64_t kill_ms;           /* when it is late for good; UINT64_MAX: it is not */
	uint64_t pause_ms;          /* before the next one starts */
	uint64_t respawn_ms;        /* of the next one */
	unsigned births, deaths;    /* all */
	unsigned unready;           /* deaths before it served, without service between them */
	unsigned row;               /* of deaths without a quiet time between them */
	char end[PROCESS_END_SIZE]; /* of the last process: "died of signal 9 (Killed)" */
};

struct crew {
	struct member members[CONFIG_WORKERS_MAX];
	unsigned wanted;
};

void crew_init(struct crew *crew);
/* Kills and waits for whoever is left. */
void crew_fini(struct crew *crew);

/* Starts a process with that order. */
void crew_spawn(struct member *member, const struct order *order, struct listen_set *listens);
/* Sends an order, behind the sockets that it speaks of. */
void crew_order(struct member *member, unsigned kind, const struct order *order,
	const struct listen_set *listens);
void crew_say(struct member *member, unsigned kind);
/* Tells it to end gracefully, and sees to it that it does. */
void crew_stop(struct member *member);
/* The same for one that is no longer wanted while others serve on. */
void crew_retire(struct member *member);
/* The same, but its connections may stay as long as they like. */
void crew_leave(struct member *member);
/* It is to serve from now on. */
void crew_serves(struct member *member, unsigned number);
/* From now on it has that long, then it is killed; 0: for ever. */
void crew_limit(struct member *member, uint64_t ms);
/* Kills those whose time is over. */
void crew_look(struct crew *crew);

/* Whose process it was; NULL: none of ours. It has none any more, and its end has a text. */
struct member *crew_reap(struct crew *crew, pid_t pid, int status);
/* Has a process. */
bool crew_is_alive(const struct member *member);

#endif
