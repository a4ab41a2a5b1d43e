/*
 * Folders are watched, not files: editors and linkers replace a file by another one. Several files
 * are written by one build, so a change counts only after SETTLE_MS without a further one. Called
 * by master.c and reload.c. SPDX-License-Identifier: MIT
 */
#include "daemon/file_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "daemon/poll_list.h"
#include "daemon/process.h"

enum { SETTLE_MS = 100, SEARCH_MS = 500 };

void file_watch_init(struct file_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
	watch->fd = -1;
	watch->routes.watch = watch->plugins.watch = -1;
	watch->due_ms = watch->search_ms = UINT64_MAX;
}

void file_watch_fini(struct file_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->routes.path);
	free(watch->routes.file);
	free(watch->plugins.path);
	file_watch_init(watch);
}

/* Watching a folder twice is watching it once. */
static void find_folder(struct file_watch *watch, struct watched_folder *folder)
{
	if (folder->path != NULL)
		folder->watch = inotify_add_watch(
			watch->fd, folder->path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	if (folder->path != NULL && folder->watch < 0)
		watch->search_ms = process_now_ms() + SEARCH_MS;
}

bool file_watch_open(struct file_watch *watch, const char *routes_file, struct err *why)
{
	const char *slash = strrchr(routes_file, '/');

	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		err_set(why, ERR_INTERNAL, "--reload: cannot watch files: %s", strerror(errno));
		return false;
	}
	watch->routes.path = xstrdup(slash == NULL ? "." : routes_file);
	if (slash != NULL)
		watch->routes.path[slash == routes_file ? 1 : slash - routes_file] = '\0';
	watch->routes.file = xstrdup(slash == NULL ? routes_file : slash + 1);
	find_folder(watch, &watch->routes);
	return true;
}

void file_watch_plugins(struct file_watch *watch, const char *folder)
{
	if (watch->fd < 0)
		return;
	free(watch->plugins.path);
	watch->plugins.path = folder == NULL ? NULL : xstrdup(folder);
	watch->plugins.watch = -1;
	find_folder(watch, &watch->plugins);
}

static bool is_wanted(const struct watched_folder *folder, const struct inotify_event *event)
{
	size_t len = event->len == 0 ? 0 : strlen(event->name);

	if (folder->watch != event->wd || len == 0)
		return false;
	if (folder->file != NULL)
		return strcmp(folder->file, event->name) == 0;
	return len > 3 && strcmp(event->name + len - 3, ".so") == 0;
}

static void take(struct file_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_IGNORED) != 0) {
		if (watch->routes.watch == event->wd)
			watch->routes.watch = -1;
		if (watch->plugins.watch == event->wd)
			watch->plugins.watch = -1;
		watch->search_ms = process_now_ms() + SEARCH_MS;
	} else if ((event->mask & IN_Q_OVERFLOW) != 0 || is_wanted(&watch->routes, event) ||
		   is_wanted(&watch->plugins, event)) {
		if (watch->due_ms == UINT64_MAX && event->len > 0)
			log_info("reload: %s has changed", event->name);
		watch->due_ms = process_now_ms() + SETTLE_MS;
	}
}

static void file_watch_on_ready(void *context, void *arg)
{
	struct file_watch *watch = arg;
	union {
		struct inotify_event align;
		char bytes[4096];
	} room;
	ssize_t got;

	(void)context;
	while ((got = read(watch->fd, room.bytes, sizeof(room))) > 0) {
		for (const char *at = room.bytes; at < room.bytes + got;) {
			const struct inotify_event *event = (const void *)at;

			take(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
}

void file_watch_add(struct file_watch *watch, struct poll_list *list)
{
	if (watch->fd < 0)
		return;
	poll_list_add(list, watch->fd, POLLIN, file_watch_on_ready, watch);
	poll_list_until(list, watch->due_ms);
	poll_list_until(list, watch->search_ms);
}

/* A folder that is there again is a change: what is in it may be new. */
static void search(struct file_watch *watch)
{
	struct watched_folder *folders[] = {&watch->routes, &watch->plugins};

	watch->search_ms = UINT64_MAX;
	for (size_t i = 0; i < 2; i++) {
		if (folders[i]->path == NULL || folders[i]->watch >= 0)
			continue;
		find_folder(watch, folders[i]);
		if (folders[i]->watch >= 0)
			watch->due_ms = process_now_ms() + SETTLE_MS;
	}
}

bool file_watch_is_due(struct file_watch *watch)
{
	uint64_t now = process_now_ms();
	bool is_due = now >= watch->due_ms;

	if (watch->fd >= 0 && now >= watch->search_ms)
		search(watch);
	if (is_due)
		watch->due_ms = UINT64_MAX;
	return is_due;
}
