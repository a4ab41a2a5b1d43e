/*
 * For `run --reload`: says when the routes file or a plugin has been written and a moment has
 * passed since. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_FILE_WATCH_H
#define SOCKLET_DAEMON_FILE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct poll_list;
struct tls_files;

struct watched_folder {
	char *path;
	int watch;  /* -1: there is no such folder now */
	char *file; /* the name that counts; NULL: every .so */
};

struct file_watch {
	int fd; /* -1: nothing is watched */
	struct watched_folder routes, plugins;
	struct watched_folder *others; /* certificates and keys */
	size_t other_count;
	uint64_t due_ms;    /* of what has changed; UINT64_MAX: nothing has */
	uint64_t search_ms; /* for folders that are missing */
};

void file_watch_init(struct file_watch *watch);
void file_watch_fini(struct file_watch *watch);
/* False fills `why`. */
bool file_watch_open(struct file_watch *watch, const char *routes_file, struct err *why);
/* The folder of the plugins, which may be another one with each load; NULL: none. */
void file_watch_plugins(struct file_watch *watch, const char *folder);
/* Further files, which may be others with each load. */
void file_watch_others(struct file_watch *watch, const struct tls_files *files);
void file_watch_add(struct file_watch *watch, struct poll_list *list);
/* Whether it is time for a reload; once for each change. */
bool file_watch_is_due(struct file_watch *watch);

#endif
