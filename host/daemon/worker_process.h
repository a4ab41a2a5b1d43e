/*
 * What runs in the process of one worker, from its first order to the last byte sent.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_WORKER_PROCESS_H
#define SOCKLET_DAEMON_WORKER_PROCESS_H

struct breadcrumb;

/*
 * Takes our end of the channel. `index` counts from 0; the page is for what plugins do, and
 * outlives the process. Returns the exit status.
 */
int worker_process_run(int channel, unsigned index, struct breadcrumb *page);

#endif
