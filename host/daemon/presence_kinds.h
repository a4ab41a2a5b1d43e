/*
 * What workers and the hub say to each other about who is present, on the link of topics: so a list
 * that was asked for comes behind the notices of who is in it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PRESENCE_KINDS_H
#define SOCKLET_DAEMON_PRESENCE_KINDS_H

/* All packed; `id` is a connection's. */
enum {
	PRESENCE_FIRST = 48,            /* below are those of admin_kinds.h */
	PRESENCE_JOIN = PRESENCE_FIRST, /* to the hub: id, topic, label */
	PRESENCE_LEAVE,                 /* to the hub: id, topic */
	PRESENCE_ASK,                   /* to the hub: id, topic */
	PRESENCE_LIST,                  /* from it: id, JSON */
};

#endif
