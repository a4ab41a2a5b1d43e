/*
 * What a host that was started by `socklet upgrade` gets from the one before it. The other end is
 * upgrade.h. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_INHERIT_H
#define SOCKLET_DAEMON_INHERIT_H

#include <stdbool.h>

#include "base/err.h"
#include "daemon/channel.h"
#include "daemon/listen_set.h"

struct inherit {
	struct channel channel; /* to the one before; closed: there is none */
	int control;            /* its control socket; -1: none */
};

/* Takes the listening sockets, if there is one before. False fills `why`. */
bool inherit_init(struct inherit *inherit, struct listen_set *listens, struct err *why);
void inherit_fini(struct inherit *inherit);

bool inherit_is_successor(const struct inherit *inherit);
/* All workers accept: from now on the one before leaves. */
void inherit_serves(struct inherit *inherit);
/* It is to go on. */
void inherit_failed(struct inherit *inherit, const struct err_list *why);

#endif
