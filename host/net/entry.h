/*
 * How many sockets the host has, over all workers, and who goes when there are too many: those
 * that wait longest for a request. Called by conn.c, http_conn.c and worker.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_ENTRY_H
#define SOCKLET_NET_ENTRY_H

#include <stdbool.h>

struct conn;
struct conn_set;

/* False: not even a connection that is only to be told so may be made. */
bool entry_is_open(const struct conn_set *set);
/* A connection begins and ends. */
void entry_begin(struct conn *conn);
void entry_end(struct conn *conn);
/* Its request is there. False: the host is full, tell it so. */
bool entry_admit(struct conn *conn);

#endif
