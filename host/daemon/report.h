/*
 * How a reload went: in the log, to who asked for it, to the service manager, and kept for
 * `socklet status`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_REPORT_H
#define SOCKLET_DAEMON_REPORT_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

struct master;

/* The last one. */
struct report {
	time_t at; /* 0: there was none */
	bool is_done;
	struct buf text; /* the lines of its log, without their heads */
};

/* For the reasons in reload.why. */
void report_refused(struct master *master);
void report_done(struct master *master);
/* What had been committed was given up, for the reasons in reload.why. */
void report_fallback(struct master *master);
void report_unchanged(struct master *master);
/* To the service manager only: it serves, whatever became of the reload. */
void report_to_manager(const struct master *master);

#endif
