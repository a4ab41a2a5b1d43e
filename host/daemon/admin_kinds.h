/*
 * What workers and the hub say to each other about requests of other programs, on the same link as
 * topics: so a question comes behind all that was published before it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ADMIN_KINDS_H
#define SOCKLET_DAEMON_ADMIN_KINDS_H

/* All packed; `id` is a number of the worker that asks. */
enum {
	ADMIN_FIRST = 32,        /* those of topics are below */
	ADMIN_ASK = ADMIN_FIRST, /* id, question; from the hub with the asker's index before it */
	ADMIN_ASKED,             /* id, how many were asked */
	ADMIN_ANSWER,            /* to the hub: the asker's index, id, text; from it: id, text */
	ADMIN_MASTER,            /* id, enum admin_to_master, body */
};

#endif
