/*
 * Another host as this one knows it. Private to the files of the roster.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ROSTER_PEER_H
#define SOCKLET_DAEMON_ROSTER_PEER_H

#include "daemon/roster.h"
#include "daemon/roster_message.h"
#include "daemon/roster_rows.h"

enum {
	ROSTER_ASK_MS = 1000, /* between two times that a host is asked; twice that the next time */
	ROSTER_ASK_MAX_MS = 8000, /* in the end: it may not be there at all */
};

struct roster_peer {
	TAILQ_ENTRY(roster_peer) next;
	uint64_t host;
	struct roster_rows rows;
	uint64_t newest; /* version: all that is older is passed over */
	uint64_t count;  /* as it said last */
	uint64_t heard_ms, timeout_ms;
	uint64_t ask_ms;  /* not before */
	uint64_t wait_ms; /* for its answer */
	bool is_behind;   /* something is missing */
	bool is_left_out; /* it has members that there was no room for */
	bool is_leaving;  /* its rows go; nothing that it says counts */
	uint64_t forget_ms;
};

/* NULL: it is not known. */
struct roster_peer *roster_peer_find(const struct roster *roster, uint64_t host);
/* NULL: there are too many. */
struct roster_peer *roster_peer_make(struct roster *roster, uint64_t host);
/* It is gone: its members will go. Until `forget_ms` what comes from it is late, and raises no
 * dead. */
void roster_peer_let_go(struct roster_peer *peer, uint64_t forget_ms, const char *why);
/* Out of the table, and nobody is told. */
void roster_peer_free(struct roster *roster, struct roster_peer *peer);
/* Does what is due; it may be gone then. */
void roster_peer_look(struct roster *roster, struct roster_peer *peer, uint64_t now_ms);

/* Nothing to do if it is there. */
void roster_peer_add(
	struct roster *roster, struct roster_peer *peer, const struct roster_member *member);
void roster_peer_drop(struct roster *roster, struct roster_peer *peer, struct presence_row *row);

#endif
