/*
 * The loader takes the first library with a soname for all that ask for this soname, wherever its
 * file lies. So a new version of a library cannot be loaded beside the old one, and the new plugin
 * would run on old code: then the load is refused. Opened first, by its path, a copy is what the
 * plugin's own need finds. SPDX-License-Identifier: MIT
 */
#include "plugin/private_libs.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "plugin/copy.h"
#include "plugin/elf_check.h"
#include "plugin/extent.h"
#include "plugin/private_dir.h"
#include "plugin/snapshot.h"

/* ---- finding -------------------------------------------------------------------------------- */

/* "x.3.so" and "libcommon.so": "x.3.libcommon.so". */
static void lib_copy_name(char out[PATH_MAX], const char *copy, const char *needed)
{
	size_t len = strlen(copy);

	if (len > 3 && strcmp(copy + len - 3, ".so") == 0)
		len -= 3;
	snprintf(out, PATH_MAX, "%.*s.%s", (int)len, copy, needed);
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* One entry of a run path, with $ORIGIN spelled out, and the library's name. */
static void candidate(char out[PATH_MAX], struct span entry, const char *folder, const char *needed)
{
	static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		size_t len = strlen(origins[i]);

		if (entry.len < len || memcmp(entry.ptr, origins[i], len) != 0)
			continue;
		snprintf(out, PATH_MAX, "%s%.*s/%s", folder, (int)(entry.len - len),
			entry.ptr + len, needed);
		return;
	}
	snprintf(out, PATH_MAX, "%.*s/%s", (int)entry.len, entry.ptr, needed);
}

/* The file below the folder that the run path leads to. False: it is no private library. */
static bool find_file(
	char out[PATH_MAX], const struct elf_names *names, const char *needed, const char *folder)
{
	const char *at = names->runpath;
	char path[PATH_MAX];

	if (at == NULL || strchr(needed, '/') != NULL)
		return false;
	for (;; at++) {
		size_t len = strcspn(at, ":");

		candidate(path, (struct span){at, len}, folder, needed);
		if (len > 0 && realpath(path, out) != NULL)
			return is_below(out, folder);
		at += len;
		if (*at == '\0')
			return false;
	}
}

/* The real folder of a file. */
static bool folder_of(char out[PATH_MAX], const char *file)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s", file);
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	return realpath(slash == NULL ? "." : path, out) != NULL;
}

/* ---- copying -------------------------------------------------------------------------------- */

static bool check_soname(const char *needed, struct span bytes, struct err *why)
{
	struct elf_names names;

	elf_names_read(&names, bytes);
	if (names.soname != NULL && strcmp(names.soname, needed) == 0)
		return true;
	err_set(why, ERR_INTERNAL,
		"%s lies in the folder of plugins and has %s%s, so its copy would not be found; "
		"link it with -Wl,-soname,%s",
		needed, names.soname == NULL ? "no soname" : "the soname ",
		names.soname == NULL ? "" : names.soname, needed);
	return false;
}

static bool write_file(const char *path, const struct buf *bytes, struct err *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, PRIVATE_FILE_MODE);
	size_t done = 0;

	if (fd >= 0)
		fchmod(fd, PRIVATE_FILE_MODE);
	while (fd >= 0 && done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < bytes->len)
		err_set(why, ERR_INTERNAL, "the copy %s cannot be written: %s; make room there",
			path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return fd >= 0 && done == bytes->len;
}

static bool copy_one(const char *copy, const char *needed, const char *source, struct err *why)
{
	char path[PATH_MAX];
	struct buf bytes = {0};
	bool is_copied;

	lib_copy_name(path, copy, needed);
	/* Two that need the same. */
	if (access(path, F_OK) == 0)
		return true;
	is_copied = snapshot_read(&bytes, source, why) &&
		    elf_check(needed, buf_span(&bytes), why) &&
		    check_soname(needed, buf_span(&bytes), why) && write_file(path, &bytes, why) &&
		    private_libs_copy(copy, source, buf_span(&bytes), why);
	buf_fini(&bytes);
	return is_copied;
}

bool private_libs_copy(const char *copy, const char *file, struct span bytes, struct err *why)
{
	char folder[PATH_MAX], source[PATH_MAX];
	struct elf_names names;

	elf_names_read(&names, bytes);
	for (unsigned i = 0; i < names.needed_count; i++)
		if (folder_of(folder, file) && find_file(source, &names, names.needed[i], folder) &&
			!copy_one(copy, names.needed[i], source, why))
			return false;
	return true;
}

static bool is_same(const char *copy, const char *needed, const char *source)
{
	char path[PATH_MAX];
	struct buf bytes = {0};
	struct err unread;
	bool same;

	lib_copy_name(path, copy, needed);
	same = snapshot_read(&bytes, source, &unread) && snapshot_is_same(path, &bytes) &&
	       private_libs_are_same(copy, source, buf_span(&bytes));
	buf_fini(&bytes);
	return same;
}

bool private_libs_are_same(const char *copy, const char *file, struct span bytes)
{
	char folder[PATH_MAX], source[PATH_MAX];
	struct elf_names names;

	elf_names_read(&names, bytes);
	for (unsigned i = 0; i < names.needed_count; i++)
		if (folder_of(folder, file) && find_file(source, &names, names.needed[i], folder) &&
			!is_same(copy, names.needed[i], source))
			return false;
	return true;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The library of that name which the process has; it stays while we hold the handle. */
static bool join_loaded(void *handle, const char *needed, const char *path, struct err *why)
{
	struct link_map *loaded = NULL;
	struct buf bytes = {0};
	struct err unread;
	bool same = snapshot_read(&bytes, path, &unread) &&
		    dlinfo(handle, RTLD_DI_LINKMAP, &loaded) == 0 &&
		    snapshot_is_same(loaded->l_name, &bytes);

	buf_fini(&bytes);
	if (!same)
		err_set(why, ERR_INTERNAL,
			"a library %s with other bytes is in the process already, for older "
			"connections or another plugin, and there can be one of a name; link it "
			"statically, or give it another soname",
			needed);
	return same;
}

static bool open_one(
	struct private_libs *libs, const char *needed, const char *path, struct err *why)
{
	void *handle = dlopen(needed, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
	struct link_map *loaded = NULL;
	const char *text;

	if (libs->count == PRIVATE_LIBS_MAX) {
		err_set(why, ERR_INTERNAL, "it needs more than %d private libraries; join some",
			PRIVATE_LIBS_MAX);
		return false;
	}
	if (handle != NULL && !join_loaded(handle, needed, path, why)) {
		dlclose(handle);
		return false;
	}
	if (handle == NULL)
		handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		text = dlerror();
		err_set(why, ERR_INTERNAL, "its library %s cannot be loaded: %s", needed,
			text == NULL ? "no reason given" : text);
		return false;
	}
	dlinfo(handle, RTLD_DI_LINKMAP, &loaded);
	libs->items[libs->count++] = (struct private_lib){
		handle, xstrdup(path), copy_lock(loaded->l_name)};
	return true;
}

static bool has(const struct private_libs *libs, const char *path)
{
	for (unsigned i = 0; i < libs->count; i++)
		if (strcmp(libs->items[i].path, path) == 0)
			return true;
	return false;
}

/* Those that `file` needs, each after what it needs itself. */
static bool open_needs(struct private_libs *libs, const char *copy, const char *file,
	unsigned depth, struct err *why)
{
	struct elf_names names;
	struct buf bytes = {0};
	bool is_open = snapshot_read(&bytes, file, why);

	elf_names_read(&names, buf_span(&bytes));
	for (unsigned i = 0; is_open && i < names.needed_count; i++) {
		char path[PATH_MAX];

		lib_copy_name(path, copy, names.needed[i]);
		if (strchr(names.needed[i], '/') != NULL || access(path, F_OK) != 0 ||
			has(libs, path) || depth == PRIVATE_LIBS_MAX)
			continue;
		is_open = open_needs(libs, copy, path, depth + 1, why) &&
			  (has(libs, path) || open_one(libs, names.needed[i], path, why));
	}
	buf_fini(&bytes);
	return is_open;
}

bool private_libs_open(struct private_libs *libs, const char *copy, struct err *why)
{
	return open_needs(libs, copy, copy, 0, why);
}

bool private_libs_are_unused(
	const struct private_libs *libs, const struct audit_threads *threads, struct err *why)
{
	struct extent code;

	for (unsigned i = 0; i < libs->count; i++)
		if (extent_find(&code, libs->items[i].path) &&
			!audit_is_unused(&code, threads, why))
			return false;
	return true;
}

void private_libs_close(struct private_libs *libs)
{
	while (libs->count > 0) {
		struct private_lib *lib = &libs->items[--libs->count];

		dlclose(lib->handle);
		if (lib->lock >= 0)
			close(lib->lock);
		free(lib->path);
	}
}

/* What is loaded for another plugin stays: the next one compares with its file. */
static void remove_unless_locked(const char *folder, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlink(path);
	if (fd >= 0)
		close(fd);
}

void private_libs_remove(const char *copy)
{
	char prefix[PATH_MAX], folder[PATH_MAX];
	const char *name = strrchr(copy, '/');
	struct dirent *entry;
	DIR *dir;

	if (name == NULL)
		return;
	lib_copy_name(prefix, name + 1, "");
	snprintf(folder, sizeof(folder), "%.*s", (int)(name - copy), copy);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
			strcmp(entry->d_name, name + 1) != 0)
			remove_unless_locked(folder, entry->d_name);
	if (dir != NULL)
		closedir(dir);
}
