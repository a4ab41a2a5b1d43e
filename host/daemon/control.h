/*
 * The control socket of a running host: who asks for a reload, the status or a stop, and waits
 * for the outcome. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CONTROL_H
#define SOCKLET_DAEMON_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct master;
struct member;
struct poll_list;

/*
 * What may be asked for; the answer's kind is the exit status, its body the text to print; or
 * CONTROL_ASK_AGAIN, when another process has taken over meanwhile.
 */
enum { CONTROL_ASK_AGAIN = 2 };

enum control_request {
	CONTROL_RELOAD,
	CONTROL_STATUS,
	CONTROL_STATUS_JSON,
	CONTROL_STATUS_METRICS,
	CONTROL_STOP,
	CONTROL_UPGRADE
};

LIST_HEAD(control_clients, control_client);

struct control {
	int fd; /* -1: there is none */
	struct sockaddr_un address;
	struct control_clients clients;
	uint64_t rests_until_ms; /* no descriptor was left for a client */
};

void control_init(struct control *control);
/* Answers who is waiting for the end, and closes. */
void control_fini(struct control *control, int status);
/* False fills `why`; the host can do without. */
bool control_open(struct control *control, const struct config *config, struct err *why);

/* Takes the listening socket of the host that this one succeeds; control_open then goes on with it.
 */
void control_adopt(struct control *control, int fd);
/* Leaves the path to the successor, which answers from now on. */
void control_give_up(struct control *control);

void control_watch(struct master *master, struct poll_list *list);
/* Answers those that the time or a worker's answer lets go on. */
void control_look(struct master *master);
/* A reload has begun: it is that of everybody who has asked so far. */
void control_reload_begins(struct control *control);
void control_reload_ends(struct control *control, bool is_done, struct span report);
void control_upgrade_ends(struct control *control, bool is_done, struct span report);

#endif
