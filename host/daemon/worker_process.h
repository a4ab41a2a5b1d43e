/*
 * What runs in the process of one worker, from its first order to the last byte sent.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_PROCESS_H
#define SOCKLET_DAEMON_WORKER_PROCESS_H

#include <stdint.h>

#include "base/tally.h"

struct breadcrumb;

struct worker_birth {
	unsigned index;          /* from 0 */
	uint64_t last_id;        /* of connections that others have had */
	struct breadcrumb *page; /* for what plugins do; outlives the process */
	struct tally tally;      /* for how many connections there are */
};

/* Takes our end of the channel. Returns the exit status. */
int worker_process_run(int channel, const struct worker_birth *birth);

#endif
