/*
 * A host's addresses, without waiting: names are looked up on a thread of their own.
 * SPDX-License-Identifier: MIT
 */
#ifndef REDIS_RESOLVE_H
#define REDIS_RESOLVE_H

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>

struct event;
struct event_base;

/* Zero it; redis_resolve_end. */
struct redis_resolve {
	char host[256], port[8];
	struct addrinfo *found;
	int error; /* of getaddrinfo; 0: found */
	pthread_t thread;
	int pipe[2];
	struct event *done;
	void (*tell)(void *context);
	void *context;
};

/* `tell` follows, perhaps before this returns; then `found` or `error` is there. */
void redis_resolve_begin(struct redis_resolve *resolve, struct event_base *base, const char *host,
	const char *port, void (*tell)(void *context), void *context);
/* Forgets what was found; a look-up under way is waited for, as nobody can stop it. */
void redis_resolve_end(struct redis_resolve *resolve);

#endif
