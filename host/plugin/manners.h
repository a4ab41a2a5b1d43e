/*
 * What a plugin shares with the host and must leave as it was: umask, working directory, locale,
 * signal handlers, descriptors. Noted before foreign code runs, compared after, put back where that
 * is possible, and reported by the plugin's name. Costs some dozens of system calls: for callbacks
 * that run rarely, and now and then for the others. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_MANNERS_H
#define SOCKLET_PLUGIN_MANNERS_H

#include <stdbool.h>

#include "plugin/own_fds.h"

struct manners;

/* Who ran since the last note. */
struct manners_suspect {
	const char *plugin;
	unsigned version;
	const char *callback;
	bool is_certain; /* else other code ran too, and this plugin was the last */
};

struct manners *manners_new(void);
void manners_free(struct manners *manners);

/* Everything is the host's doing up to here. own_fds_note says which descriptors are the host's. */
void manners_note(struct manners *manners);
/* Another descriptor of the host's that no plugin may close; until it is disowned. */
void manners_own(struct manners *manners, int fd);
/* Before the host closes it. */
void manners_disown(struct manners *manners, int fd);

/* Compares with the last note, puts back, one warning for each difference. */
void manners_check(struct manners *manners, const struct manners_suspect *who);
/* Besides, before what may open some and keep them. */
void manners_note_open(struct manners *manners);
/* Which descriptors are new since then. */
void manners_find_opened(const struct manners *manners, struct fd_marks *out);
/* Warns of those that are open still. */
void manners_check_opened(const struct fd_marks *opened, const struct manners_suspect *who);

#endif
