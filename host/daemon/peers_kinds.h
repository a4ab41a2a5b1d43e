/*
 * What workers and the hub say to each other about other hosts, on the link of topics.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PEERS_KINDS_H
#define SOCKLET_DAEMON_PEERS_KINDS_H

/* All packed. */
enum {
	PEERS_FIRST = 64,          /* below are those of presence_kinds.h */
	PEERS_SPEAK = PEERS_FIRST, /* from the hub: you speak; your farewell */
	PEERS_HUSH,                /* from the hub: somebody else does */
	PEERS_SAY,                 /* from it: whether to answer by STATE, what to say */
	PEERS_STATE,               /* to the hub: whether the broker is there */
	PEERS_HEARD,               /* to the hub: a host, what it has said */
};

#endif
