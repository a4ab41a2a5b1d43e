/*
 * What a reload would make serve, and once it does, the only truth about it: the text of the
 * routes file and a private copy of each plugin. Workers start from it, never from the author's
 * files. Loads no plugin. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_COMMIT_H
#define SOCKLET_DAEMON_COMMIT_H

#include "config/config.h"
#include "daemon/options.h"
#include "daemon/order.h"

struct copy_store;
struct suspects;

struct commit {
	struct order order;
	struct buf text;
	struct config config; /* as far as the text could be read */
	bool is_right;        /* the text has no mistake; what they are, the canary tells */
	const struct listen_conf *listens; /* the file's, or those of the command line */
	size_t listen_count;
	struct copy **copies;  /* of each offer; NULL: there is none */
	size_t copied;         /* offers looked at */
	struct file_id *files; /* that other processes will read: another one is a change, too */
	size_t file_count;
};

enum commit_progress {
	COMMIT_MORE, /* a plugin was copied, or has none of its own fault */
	COMMIT_BUSY, /* somebody is writing it: try again a moment later */
	COMMIT_WHOLE,
};

/* Reads the file. NULL adds to `why` what keeps it from being read, or what --listen says. */
struct commit *commit_new(const struct options *options, struct err_list *why);
void commit_free(struct commit *commit);
/* Copies the next plugin; one that is still busy at the `last` try is given up. */
enum commit_progress commit_copy(
	struct commit *commit, struct copy_store *copies, bool is_last_try);
/* That plugin has no copy any more, but a reason. */
void commit_withdraw(struct commit *commit, const char *plugin, const char *reason);
/* Its plugins that are in quarantine are not to be loaded. */
void commit_quarantine(struct commit *commit, const struct suspects *suspects);
/* Where the file names the plugin first. */
struct place commit_place(const struct commit *commit, const char *plugin);
/* Whether they would serve the same in every way. */
bool commit_is_same(const struct commit *a, const struct commit *b);

#endif
