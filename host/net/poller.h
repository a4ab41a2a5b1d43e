/*
 * Which sockets of a worker are ready: an epoll of our own for the connections, of which each costs
 * nothing but its place in the kernel, and for the few others that must be heard of as soon. The
 * whole of it is one event of the libevent base, where timers and the sockets of plugins are. Knows
 * no connection: they are pointers. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_POLLER_H
#define SOCKLET_NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct event_base;
struct event;

/* One of the few; its owner keeps it, and stops it before its descriptor is closed. */
struct poller_watch {
	void (*ready)(void *arg);
	void *arg;
	int fd;
	bool is_on;
};

enum { POLLER_BATCH = 256 };

struct poller {
	int epoll;
	struct event *event;                        /* of the base: something is ready */
	void (*ready)(void *conn, uint32_t events); /* of the many: EPOLLIN, EPOLLOUT */
	bool has_spoken;                            /* something was, since it was last set */
	uint64_t spoke_ms;                          /* when, by clock_ms */
	int count, at;                              /* of the batch that is being told */
	struct epoll_event batch[POLLER_BATCH + 1]; /* one is looked ahead */
};

/* False with errno. `ready` may be called for any connection until the end of the turn. */
bool poller_init(
	struct poller *poller, struct event_base *base, void (*ready)(void *conn, uint32_t events));
void poller_fini(struct poller *poller);

/*
 * From `before` events to `wanted`; 0 is none, and the socket may then be closed. False: the kernel
 * has no room for one more.
 */
bool poller_set(struct poller *poller, int fd, void *conn, uint32_t before, uint32_t wanted);
/* Calls watch->ready whenever there is something to read. False as above. */
bool poller_watch(struct poller *poller, struct poller_watch *watch);
void poller_unwatch(struct poller *poller, struct poller_watch *watch);

/* Waits for the sockets alone, at most so long, and tells what is ready. Whether anything was. */
bool poller_wait(struct poller *poller, int wait_ms);

#endif
