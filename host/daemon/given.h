/*
 * Sockets that this process was started with, as systemd's socket activation passes them: in
 * $LISTEN_FDS, $LISTEN_FDNAMES and $LISTEN_PID. Open as long as the host runs, whether they are
 * wanted at the moment or not. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_GIVEN_H
#define SOCKLET_DAEMON_GIVEN_H

#include <stddef.h>

#include "base/err.h"

struct given_socket {
	unsigned number; /* that it came as, from 3 */
	int fd;
	char *name; /* "" when it has none */
};

/* Zero it; then given_fini. */
struct given {
	struct given_socket *items;
	size_t count;
};

/* Takes what the environment announces to this process, and takes the announcement away. */
void given_take(struct given *given);
/* Takes the descriptor. */
void given_add(struct given *given, unsigned number, const char *name, int fd);
void given_fini(struct given *given);
/*
 * By its name or number; "" is the only one there is. Borrowed. -1 fills `why`: there is none,
 * there are several, or it is no socket to accept from.
 */
int given_find(const struct given *given, const char *name, struct err *why);

#endif
