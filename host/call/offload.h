/*
 * A bounded pool of threads for work that would block the loop. The one place in the host with
 * locks. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_OFFLOAD_H
#define SOCKLET_CALL_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { OFFLOAD_THREADS = 4, OFFLOAD_WAITING_MAX = 1024 };

struct offload;

/* `work` runs on a thread of the pool, `finish` then on the loop, whatever happens. */
struct offload_job {
	void (*work)(void *data);
	void (*finish)(struct offload_job *job); /* frees the job */
	void *data;
	bool was_dropped;         /* work did not run: the pool was closed first */
	struct offload_job *next; /* the pool's */
};

/* Threads start with the first job. NULL: no descriptor, errno says why. */
struct offload *offload_new(void);
/* Waits for the work that is running, drops what is waiting, finishes all. */
void offload_free(struct offload *offload);
/* False when OFFLOAD_WAITING_MAX jobs wait already; the job stays the caller's. */
bool offload_submit(struct offload *offload, struct offload_job *job);
/* Whether a thread, by the kernel's number, is one of the pool's that has begun. */
bool offload_has_thread(struct offload *offload, pid_t id);
/* Readable when offload_collect has something to do. */
int offload_fd(const struct offload *offload);
/* Finishes every job that is done. On the loop. */
void offload_collect(struct offload *offload);

#endif
