/*
 * The master's part in presence: it knows who is where, on this host and on others, and what a
 * worker that dies leaves behind. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_PRESENCE_H
#define SOCKLET_DAEMON_HUB_PRESENCE_H

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/presence_kinds.h"

struct master;
struct member;
struct message;
struct presence_row;

void hub_presence_take(struct master *master, struct member *from, const struct message *message);
/* Its process has ended: who has gone with it is told. */
void hub_presence_gone(struct master *master, const struct member *member);
/* Publishes a notice to the members of this host. */
void hub_presence_tell(struct master *master, bool has_come, const struct presence_row *row);
/*
 * {"event":"present","topic":…,"count":…,"members":[{"id":…,"label":…},…]}; with a bus each has
 * its host.
 */
void hub_presence_print(struct buf *out, const struct master *master, struct span topic);

#endif
