/*
 * A process that tries out what is to serve, so that whatever plugins do at their start costs no
 * worker. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CANARY_H
#define SOCKLET_DAEMON_CANARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "daemon/channel.h"
#include "daemon/order.h"
#include "plugin/breadcrumb.h"

enum { CANARY_SECONDS = 10 };

struct canary {
	pid_t pid; /* 0: none runs */
	struct channel channel;
	uint64_t deadline_ms;
	bool was_killed;         /* by us, at the deadline */
	struct breadcrumb *page; /* which plugin code it runs */
	bool has_verdict;
	struct err_list complaints; /* the verdict: none is a good one */
};

/* Into a zeroed one. False fills `why`. */
bool canary_start(struct canary *canary, const struct order *order, struct err *why);
/* Ends it if it runs, and forgets all. */
void canary_fini(struct canary *canary);
/* When something came on its channel. */
void canary_read(struct canary *canary);
/* Kills it when it is late. */
void canary_look(struct canary *canary);
/* How it ended, when there is no verdict. */
struct canary_death {
	char how[96];                      /* "crashed with signal 11 (Segmentation fault)" */
	enum breadcrumb_callback callback; /* of that plugin, whose code ran; */
	char plugin[BREADCRUMB_NAME_MAX];  /* "": none did */
};

/*
 * It has ended, with that status of waitpid. False: it died before its verdict, or after one that
 * its end belies.
 */
bool canary_ended(struct canary *canary, int status, struct canary_death *death);

#endif
