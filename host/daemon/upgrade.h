/*
 * A new host binary takes over from this one: SIGUSR2, and `socklet upgrade`. The other end is
 * inherit.h. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_UPGRADE_H
#define SOCKLET_DAEMON_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "daemon/channel.h"

struct master;
struct poll_list;

/* Names the descriptor of the successor's end of the channel. */
#define UPGRADE_VARIABLE "SOCKLET_UPGRADE"

/* Over that channel; two versions of the host speak it, so numbers never change. */
enum upgrade_message {
	UPGRADE_SOCKET = 1,  /* packed: worker, address; with the listening socket */
	UPGRADE_CONTROL = 2, /* with the control socket, if there is one */
	UPGRADE_GO = 3,      /* that was all */
	UPGRADE_SERVES = 4,  /* from the successor: all its workers accept */
	UPGRADE_FAILED = 5,  /* from the successor: why it cannot */
	UPGRADE_GIVEN = 6,   /* packed: number, name; with a socket of struct given */
};

enum upgrade_phase {
	UPGRADE_NONE,
	UPGRADE_STARTING, /* the successor runs, and has not said that it serves */
	UPGRADE_LEAVING,  /* it serves; this process ends with its last connection */
};

struct upgrade {
	enum upgrade_phase phase;
	bool is_wanted; /* as soon as no reload is in progress */
	pid_t pid;      /* of the successor */
	struct channel channel;
	uint64_t deadline_ms; /* for its word; UINT64_MAX: it had its time */
	struct err why;       /* it failed; empty: its end says it */
};

void upgrade_init(struct upgrade *upgrade);
/* A successor that does not serve yet is ended. */
void upgrade_fini(struct upgrade *upgrade);

void upgrade_request(struct master *master);
void upgrade_watch(struct master *master, struct poll_list *list);
void upgrade_look(struct master *master);
/* The process may be the successor. */
void upgrade_reap(struct master *master, pid_t pid, int status);
/* From its start on no reload may change what the successor was given. */
bool upgrade_is_under_way(const struct upgrade *upgrade);

#endif
