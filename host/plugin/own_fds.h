/*
 * The descriptors that the host lives with, kept open whatever a plugin closes: each has a spare, a
 * duplicate with a high number. Knows no plugin and tells nobody: manners.c does.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_OWN_FDS_H
#define SOCKLET_PLUGIN_OWN_FDS_H

#include <stdbool.h>
#include <sys/types.h>

/* What a descriptor was open on. */
struct fd_mark {
	int fd;
	dev_t device;
	ino_t node;
	mode_t mode;
};

struct fd_marks {
	struct fd_mark items[16]; /* what is beyond is not watched */
	unsigned count;
};

struct own_fd {
	struct fd_mark is;
	int flags; /* FD_CLOEXEC */
	int spare; /* -1: none could be made */
};

enum { OWN_FDS_MAX = 64, OWN_FDS_WATCHED = 512 };

/* Zero it; then own_fds_fini. */
struct own_fds {
	struct own_fd items[OWN_FDS_MAX];
	unsigned count;
	bool is_noted;
	bool is_open[OWN_FDS_WATCHED]; /* at the last own_fds_note_open, the host's or not */
};

void own_fds_fini(struct own_fds *own);
/*
 * The first adopts what is open: 0 to 2, event queues, pipes, sockets, but no files.
 * Later ones forget what the host itself has closed since.
 */
void own_fds_note(struct own_fds *own);
void own_fds_add(struct own_fds *own, int fd);
void own_fds_remove(struct own_fds *own, int fd);
/* What was done about the i-th, for people; NULL: it is as it was. */
const char *own_fds_restore(struct own_fds *own, unsigned i);
/* For own_fds_find_new; a call of the system for each that is watched. */
void own_fds_note_open(struct own_fds *own);
/* Those that were opened since own_fds_note_open. */
void own_fds_find_new(const struct own_fds *own, struct fd_marks *out);

/* False: not open. */
bool fd_mark_take(struct fd_mark *out, int fd);
/* Whether the descriptor is still open on the same. */
bool fd_mark_holds(const struct fd_mark *mark);
/* "a socket", … */
const char *fd_mark_kind(const struct fd_mark *mark);
/* A duplicate that who closes a range of low numbers does not hit. -1: no room. */
int own_fds_spare(int fd);

#endif
