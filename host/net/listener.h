/*
 * Accepting from a listening TCP socket in batches, and what to do when descriptors run out. Knows
 * no protocol; worker.c gives each accepted socket to a new connection.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LISTENER_H
#define SOCKLET_NET_LISTENER_H

#include "base/err.h"

struct event_base;
struct listener;

/* Where accepted sockets go: non-blocking, close-on-exec, without Nagle's delay. */
struct acceptor {
	/* Takes fd. `peer` is its address, "127.0.0.1:53124", valid until this returns. */
	void (*accept)(void *arg, int fd, const char *peer);
	void *arg;
};

/* Takes the listening socket. */
struct listener *listener_open(struct event_base *base, int fd, struct acceptor acceptor);
/* Takes what waits now, instead of leaving it to a reset by listener_close. */
void listener_take_all(struct listener *listener);
void listener_close(struct listener *listener);
/* Valid until listener_close. */
/* Says 503 to a connection that is not to be made, and closes it. */
void listener_turn_away(int fd);
int listener_fd(const struct listener *listener);
/* The real address and port: "127.0.0.1:8000", "[::1]:8000". */
const char *listener_address(const struct listener *listener);

#endif
