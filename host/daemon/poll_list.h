/*
 * The master's loop: descriptors and a time, collected anew for each round, then one wait.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_POLL_LIST_H
#define SOCKLET_DAEMON_POLL_LIST_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct poll_ready {
	void (*run)(void *context, void *arg);
	void *arg;
};

/* Zero it; then poll_list_fini. */
struct poll_list {
	struct pollfd *fds;
	struct poll_ready *ready; /* one each */
	size_t count, capacity;
	uint64_t until_ms; /* UINT64_MAX: no time */
};

void poll_list_fini(struct poll_list *list);
void poll_list_clear(struct poll_list *list);
/* run(context, arg) is called once the descriptor has one of the events, or its end. */
void poll_list_add(struct poll_list *list, int fd, short events,
	void (*run)(void *context, void *arg), void *arg);
/* Wait no longer than to that time of process_now_ms. */
void poll_list_until(struct poll_list *list, uint64_t ms);
/* Waits, then runs what is ready; it must bear being run when it is not. */
void poll_list_wait(struct poll_list *list, void *context);

#endif
