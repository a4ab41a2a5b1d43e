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
#include "daemon/tls_files.h"

enum { SETTLE_MS = 100, SEARCH_MS = 500 };

void file_watch_init(struct file_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
	watch->fd = -1;
	watch->routes.watch = watch->plugins.watch = -1;
	watch->due_ms = watch->search_ms = UINT64_MAX;
}

static void drop_others(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->other_count; i++) {
		free(watch->others[i].path);
		free(watch->others[i].file);
	}
	free(watch->others);
	watch->others = NULL;
	watch->other_count = 0;
}

void file_watch_fini(struct file_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->routes.path);
	free(watch->routes.file);
	free(watch->plugins.path);
	drop_others(watch);
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

static void set_file(struct file_watch *watch, struct watched_folder *folder, const char *file)
{
	const char *slash = strrchr(file, '/');

	folder->path = xstrdup(slash == NULL ? "." : file);
	if (slash != NULL)
		folder->path[slash == file ? 1 : slash - file] = '\0';
	folder->file = xstrdup(slash == NULL ? file : slash + 1);
	find_folder(watch, folder);
}

bool file_watch_open(struct file_watch *watch, const char *routes_file, struct err *why)
{
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0) {
		err_set(why, ERR_INTERNAL, "--reload: cannot watch files: %s", strerror(errno));
		return false;
	}
	set_file(watch, &watch->routes, routes_file);
	return true;
}

void file_watch_others(struct file_watch *watch, const struct tls_files *files)
{
	if (watch->fd < 0)
		return;
	drop_others(watch);
	watch->others = xcalloc(files->count + 1, sizeof(*watch->others));
	watch->other_count = files->count;
	for (size_t i = 0; i < files->count; i++)
		set_file(watch, &watch->others[i], files->items[i].path);
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

/* The folders one after the other; NULL behind the last. */
static struct watched_folder *folder_at(struct file_watch *watch, size_t i)
{
	if (i < 2)
		return i == 0 ? &watch->routes : &watch->plugins;
	return i - 2 < watch->other_count ? &watch->others[i - 2] : NULL;
}

static bool is_any_wanted(struct file_watch *watch, const struct inotify_event *event)
{
	const struct watched_folder *folder;

	for (size_t i = 0; (folder = folder_at(watch, i)) != NULL; i++)
		if (is_wanted(folder, event))
			return true;
	return false;
}

static void forget_folder(struct file_watch *watch, int wd)
{
	struct watched_folder *folder;

	for (size_t i = 0; (folder = folder_at(watch, i)) != NULL; i++)
		if (folder->watch == wd)
			folder->watch = -1;
}

static void take(struct file_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_IGNORED) != 0) {
		forget_folder(watch, event->wd);
		watch->search_ms = process_now_ms() + SEARCH_MS;
	} else if ((event->mask & IN_Q_OVERFLOW) != 0 || is_any_wanted(watch, event)) {
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
	struct watched_folder *folder;

	watch->search_ms = UINT64_MAX;
	for (size_t i = 0; (folder = folder_at(watch, i)) != NULL; i++) {
		if (folder->path == NULL || folder->watch >= 0)
			continue;
		find_folder(watch, folder);
		if (folder->watch >= 0)
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
