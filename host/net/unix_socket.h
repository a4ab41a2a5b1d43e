/*
 * Listening Unix sockets and their files. A file nobody listens at is what a host that was killed
 * has left, and is replaced; everything else that stands there stays.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_UNIX_SOCKET_H
#define SOCKLET_NET_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define UNIX_SOCKET_KEEP ((unsigned)-1) /* as owner or group: as it is */

struct unix_socket {
	const char *path; /* shorter than a socket's may be */
	unsigned mode, owner, group;
};

/* Which file it is: another process may have put its own there. */
struct unix_socket_id {
	dev_t device;
	ino_t inode;
};

/* Binds and listens. -1 fills `why`. */
int unix_socket_open(const struct unix_socket *at, struct err *why);
/* Gives an open socket's file its mode and owner, if it has others. False fills `why`. */
bool unix_socket_allow(const struct unix_socket *at, struct err *why);
/* Of the file that is there now; zeros when there is none. */
struct unix_socket_id unix_socket_identify(const char *path);
/* Removes the file if it is still that one. */
void unix_socket_remove(const char *path, struct unix_socket_id id);

#endif
