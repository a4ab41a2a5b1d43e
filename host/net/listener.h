/*
 * Accepting from a listening TCP socket in batches, and what to do when descriptors run out. Knows
 * no protocol; worker.c gives each accepted socket to a new connection.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LISTENER_H
#define SOCKLET_NET_LISTENER_H

#include <stdbool.h>

#include "base/err.h"

struct event_base;
struct poller;
struct listener;
union listen_address;

/* What is done with its connections; a load may change it, and the socket stays. */
struct listener_options {
	bool is_tls;
	bool has_proxy_header; /* each connection begins with one */
	bool redirects;        /* to https_port, whatever is asked for */
	unsigned https_port;
	bool is_admin; /* serves no route */
};

/* Where accepted sockets go: non-blocking, close-on-exec, without Nagle's delay. */
struct acceptor {
	/* Takes fd. Address and options are valid until this returns. */
	void (*accept)(void *arg, int fd, const union listen_address *address,
		const struct listener_options *options);
	void *arg;
};

/* Takes the listening socket, which `poller` looks at; `base` is for the time it rests. */
struct listener *listener_open(struct event_base *base, struct poller *poller, int fd,
	const struct listener_options *options, struct acceptor acceptor);
/* For connections that come from now on. */
void listener_set_options(struct listener *listener, const struct listener_options *options);
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
