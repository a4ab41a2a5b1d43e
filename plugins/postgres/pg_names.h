/*
 * The addresses of the host in a url, looked up on a thread of its own: libpq would wait for them.
 * SPDX-License-Identifier: MIT
 */
#ifndef PG_NAMES_H
#define PG_NAMES_H

#include <stdbool.h>

struct event;
struct event_base;

enum { PG_NAMES_MAX = 4, PG_HOST_MAX = 256, PG_ADDRESS_MAX = 64 };

/* What libpq takes in the place of the host: one address or more, each with the host's name. */
struct pg_addresses {
	char hosts[PG_NAMES_MAX * PG_HOST_MAX];
	char addresses[PG_NAMES_MAX * PG_ADDRESS_MAX];
	int error; /* of getaddrinfo */
};

struct pg_names_job;

/* Zero it; pg_names_end. */
struct pg_names {
	struct pg_names_job *job; /* under way; NULL: none */
	struct event *done;
	struct pg_addresses found;
	void (*tell)(void *context);
	void *context;
};

/* The host, where it is one name, and no address and no path. */
bool pg_names_host(char out[PG_HOST_MAX], const char *url);
/* `tell` follows, from the loop. False: out of threads or descriptors. */
bool pg_names_begin(struct pg_names *names, struct event_base *base, const char *host,
	void (*tell)(void *context), void *context);
/* A look-up under way is forgotten, and cleans up after itself. */
void pg_names_end(struct pg_names *names);

#endif
