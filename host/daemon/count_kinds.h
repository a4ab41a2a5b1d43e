/*
 * What workers and the hub say to each other about counts of subscriptions, on the same link as
 * topics. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COUNT_KINDS_H
#define SOCKLET_DAEMON_COUNT_KINDS_H

#include <stdint.h>

/* All packed; a source is the index of a worker. */
enum {
	COUNTS_TOLD =
		16,  /* filters and numbers, in pairs; from the hub with the source before them */
	COUNTS_GONE, /* from the hub: a source that has none any more, or COUNTS_OF_ALL */
};

#define COUNTS_OF_ALL UINT64_MAX

#endif
