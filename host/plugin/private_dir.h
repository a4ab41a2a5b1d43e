/*
 * A folder that only this process writes to, on a file system that allows mapping code, for the
 * copies of plugins. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_PRIVATE_DIR_H
#define SOCKLET_PLUGIN_PRIVATE_DIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Of files in it: the folder itself says who gets that far. */
#define PRIVATE_FILE_MODE 0550

struct private_dir {
	char *path;
	int lock;    /* held while this process lives: the sign that the folder is in use */
	pid_t owner; /* who made it and removes it, not a process forked later */
};

/*
 * Makes `socklet-<pid>-XXXXXX`, mode 0700, below $XDG_RUNTIME_DIR, $TMPDIR or /tmp, and removes
 * such folders there whose process is gone. False fills `why` with every place tried.
 */
bool private_dir_open(struct private_dir *dir, struct err *why);
/* Lets a group find files in it whose names it knows; they get that group. False fills `why`. */
bool private_dir_share(struct private_dir *dir, unsigned group, struct err *why);
/* Removes the folder with all files in it; in a forked process only forgets it. */
void private_dir_close(struct private_dir *dir);

#endif
