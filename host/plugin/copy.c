/*
 * A copy gets a name that was never used before, as the loader takes an equal name, or an equal
 * inode, for the library it has already and hands out the old code. It stays on disk while it is
 * loaded anywhere, so that debuggers and sanitizers find it. Equal bytes, and nothing else (not
 * times, not inodes), are the same version. A forked process may use its parent's store: what it
 * makes and gives back there leaves the parent's copies alone. Called by image.c and the master.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/copy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "plugin/elf_check.h"
#include "plugin/private_dir.h"
#include "plugin/private_libs.h"
#include "plugin/snapshot.h"

#define COPY_MAGIC 0x636f7079u

LIST_HEAD(copy_list, copy);

/* One plugin name; outlives its copies, as its count must never start again. */
struct copy_name {
	struct copy_name *next;
	unsigned version;      /* of the last copy made */
	struct copy_list held; /* newest first */
	char *text;
};

struct copy {
	unsigned magic;
	unsigned refs;
	unsigned version;
	struct copy_store *store;
	struct copy_name *name;
	LIST_ENTRY(copy) link; /* of name->held, then of store->retired */
	char *path;
	pid_t writer; /* removes it */
};

struct copy_store {
	struct private_dir dir;
	struct copy_name *names;
	struct copy_list retired; /* given back, but locked */
	unsigned held_count;
};

/* ---- the store -------------------------------------------------------------------------- */

struct copy_store *copy_store_open(struct err *why)
{
	struct copy_store *store = xcalloc(1, sizeof(*store));

	LIST_INIT(&store->retired);
	if (private_dir_open(&store->dir, why))
		return store;
	free(store);
	return NULL;
}

static void copy_free(struct copy *copy)
{
	LIST_REMOVE(copy, link);
	copy->magic = 0;
	free(copy->path);
	free(copy);
}

void copy_store_close(struct copy_store *store)
{
	struct copy_name *name = store->names, *next;

	assert(store->held_count == 0);
	while (!LIST_EMPTY(&store->retired))
		copy_free(LIST_FIRST(&store->retired));
	for (; name != NULL; name = next) {
		next = name->next;
		free(name->text);
		free(name);
	}
	private_dir_close(&store->dir);
	free(store);
}

bool copy_store_share(struct copy_store *store, unsigned group, struct err *why)
{
	return private_dir_share(&store->dir, group, why);
}

static struct copy_name *name_get(struct copy_store *store, const char *text)
{
	struct copy_name *name;

	for (name = store->names; name != NULL; name = name->next)
		if (strcmp(name->text, text) == 0)
			return name;
	name = xcalloc(1, sizeof(*name));
	name->text = xstrdup(text);
	name->next = store->names;
	LIST_INIT(&name->held);
	store->names = name;
	return name;
}

/* ---- removing --------------------------------------------------------------------------- */

int copy_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_SH | LOCK_NB);
	return fd;
}

/* Whether it is gone now, or another process's to remove. */
static bool remove_file(const struct copy *copy)
{
	int fd;
	bool is_free;

	if (copy->writer != getpid())
		return true;
	fd = open(copy->path, O_RDONLY | O_CLOEXEC);
	is_free = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (is_free) {
		unlink(copy->path);
		private_libs_remove(copy->path);
	}
	if (fd >= 0)
		close(fd);
	return is_free;
}

void copy_store_sweep(struct copy_store *store)
{
	struct copy *copy = LIST_FIRST(&store->retired), *next;

	for (; copy != NULL; copy = next) {
		next = LIST_NEXT(copy, link);
		if (remove_file(copy))
			copy_free(copy);
	}
}

/* When the newest goes, because its plugin was refused, the one before is what serves. */
void copy_unref(struct copy *copy)
{
	assert(copy->magic == COPY_MAGIC && copy->refs > 0);
	if (--copy->refs > 0)
		return;
	copy->store->held_count--;
	if (remove_file(copy)) {
		copy_free(copy);
		return;
	}
	LIST_REMOVE(copy, link);
	LIST_INSERT_HEAD(&copy->store->retired, copy, link);
}

/* ---- making ----------------------------------------------------------------------------- */

static bool write_all(int fd, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static bool write_file(const char *path, const struct buf *bytes, struct err *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, PRIVATE_FILE_MODE);
	/* Whatever the umask says: processes of another group may have to read it. */
	bool is_written = fd >= 0 && fchmod(fd, PRIVATE_FILE_MODE) == 0 && write_all(fd, bytes);

	if (!is_written) {
		err_set(why, ERR_INTERNAL, "the copy %s cannot be written: %s; make room there",
			path, strerror(errno));
		unlink(path);
	}
	if (fd >= 0)
		close(fd);
	return is_written;
}

/* After a fork parent and child count alike, so that the child's names need something more. */
static char *fresh_path(
	const struct copy_store *store, const struct copy_name *name, unsigned version)
{
	size_t size = strlen(store->dir.path) + strlen(name->text) + 48;
	char *path = xmalloc(size), child[24] = "";

	if (getpid() != store->dir.owner)
		snprintf(child, sizeof(child), ".%ld", (long)getpid());
	snprintf(path, size, "%s/%s.%u%s.so", store->dir.path, name->text, version, child);
	return path;
}

static struct copy *copy_new(struct copy_store *store, struct copy_name *name, const char *file,
	const struct buf *bytes, struct err *why)
{
	char *path = fresh_path(store, name, ++name->version);
	struct copy *copy;

	if (!write_file(path, bytes, why) || !private_libs_copy(path, file, buf_span(bytes), why)) {
		unlink(path);
		private_libs_remove(path);
		free(path);
		return NULL;
	}
	copy = xcalloc(1, sizeof(*copy));
	copy->magic = COPY_MAGIC;
	copy->refs = 1;
	copy->version = name->version;
	copy->store = store;
	copy->name = name;
	copy->path = path;
	copy->writer = getpid();
	LIST_INSERT_HEAD(&name->held, copy, link);
	store->held_count++;
	return copy;
}

struct copy *copy_take(struct copy_store *store, const char *name_text, const char *path,
	const struct buf *bytes, struct err *why)
{
	const char *slash = strrchr(path, '/');
	struct copy_name *name = name_get(store, name_text);
	struct copy *newest = LIST_FIRST(&name->held);

	if (newest != NULL && snapshot_is_same(newest->path, bytes) &&
		private_libs_are_same(newest->path, path, buf_span(bytes)))
		return copy_ref(newest);
	if (!elf_check(slash == NULL ? path : slash + 1, buf_span(bytes), why))
		return NULL;
	return copy_new(store, name, path, bytes, why);
}

struct copy *copy_ref(struct copy *copy)
{
	assert(copy->magic == COPY_MAGIC);
	copy->refs++;
	return copy;
}

const char *copy_name(const struct copy *copy)
{
	return copy->name->text;
}

const char *copy_path(const struct copy *copy)
{
	return copy->path;
}

unsigned copy_version(const struct copy *copy)
{
	return copy->version;
}
