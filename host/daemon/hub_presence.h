/*
 * The master's part in presence: it knows who is where, and what a worker that dies leaves behind.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_HUB_PRESENCE_H
#define SOCKLET_DAEMON_HUB_PRESENCE_H

#include "base/buf.h"
#include "daemon/presence_kinds.h"

struct master;
struct member;
struct message;

void hub_presence_take(struct master *master, struct member *from, const struct message *message);
/* Its process has ended: another worker tells who has gone with it. */
void hub_presence_gone(struct master *master, const struct member *member);
/* {"event":"present","topic":…,"count":…,"members":[{"id":…,"label":…},…]} */
void hub_presence_print(struct buf *out, const struct master *master, struct span topic);

#endif
