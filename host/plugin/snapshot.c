/*
 * A read lease is the kernel's word that nobody has the file open for writing, by whatever name
 * or mapping, and a writer that comes meanwhile waits for us: half-written files cannot be read.
 * Where leases do not exist (another's file, some file systems) two equal reads a moment apart
 * must do. Called by image.c and by the master at a reload. SPDX-License-Identifier: MIT
 */
#include "plugin/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum {
	SETTLE_MS = 50, /* between the two reads without a lease */
	CHUNK = 65536,  /* bytes compared at a time */
};
#define SNAPSHOT_MAX ((off_t)256 << 20) /* bytes: no plugin, but somebody's disk image */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(long ms)
{
	struct timespec rest = {.tv_nsec = ms * 1000000};

	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
}

/* As read(2), to the end or to `len`. Bytes read, or -1. */
static ssize_t read_all(int fd, char *into, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = read(fd, into + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static bool fd_holds(int fd, const struct buf *bytes)
{
	char chunk[CHUNK];
	struct stat info;

	if (fstat(fd, &info) != 0 || (size_t)info.st_size != bytes->len ||
		lseek(fd, 0, SEEK_SET) != 0)
		return false;
	for (size_t at = 0; at < bytes->len;) {
		size_t want = bytes->len - at < CHUNK ? bytes->len - at : CHUNK;

		if (read_all(fd, chunk, want) != (ssize_t)want ||
			memcmp(chunk, bytes->data + at, want) != 0)
			return false;
		at += want;
	}
	return true;
}

bool snapshot_is_same(const char *path, const struct buf *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_same = fd >= 0 && fd_holds(fd, bytes);

	if (fd >= 0)
		close(fd);
	return is_same;
}

/* What the file's size and kind allow. */
static bool size_is_plausible(const struct stat *info, const char *path, struct err *why)
{
	if (!S_ISREG(info->st_mode)) {
		err_set(why, ERR_INTERNAL, "%s is not a file; a plugin is a shared object (.so)",
			path);
		return false;
	}
	if (info->st_size == 0) {
		err_set(why, ERR_INTERNAL, "%s is empty; build the plugin again", path);
		return false;
	}
	if (info->st_size > SNAPSHOT_MAX) {
		err_set(why, ERR_INTERNAL,
			"%s has %lld bytes, at most %lld are a plugin; is it one?", path,
			(long long)info->st_size, (long long)SNAPSHOT_MAX);
		return false;
	}
	return true;
}

/*
 * EAGAIN says that a writer has it open, except on NFS, where it only says that the server gave
 * no delegation. Everything else (EACCES: the file is another user's) says that there is no lease.
 */
static enum snapshot lease_take(int fd, bool *has_lease)
{
	struct statfs where;

	/* The notice that a writer waits must not kill us as SIGIO would: SIGURG is ignored. */
	fcntl(fd, F_SETSIG, SIGURG);
	*has_lease = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
	if (*has_lease || errno != EAGAIN)
		return SNAPSHOT_DONE;
	if (fstatfs(fd, &where) == 0 && where.f_type == NFS_SUPER_MAGIC)
		return SNAPSHOT_DONE;
	return SNAPSHOT_BUSY;
}

static enum snapshot read_steady(int fd, struct buf *out, const char *path, struct err *why)
{
	struct stat info;
	bool has_lease;
	ssize_t len;

	if (lease_take(fd, &has_lease) == SNAPSHOT_BUSY)
		return SNAPSHOT_BUSY;
	if (fstat(fd, &info) != 0) {
		err_set(why, ERR_INTERNAL, "%s: %s", path, strerror(errno));
		return SNAPSHOT_BAD;
	}
	if (!size_is_plausible(&info, path, why))
		return SNAPSHOT_BAD;
	out->len = 0;
	len = read_all(fd, buf_reserve(out, (size_t)info.st_size), (size_t)info.st_size);
	if (len < 0) {
		err_set(why, ERR_INTERNAL, "%s: %s", path, strerror(errno));
		return SNAPSHOT_BAD;
	}
	out->len = (size_t)len;
	if (len != info.st_size)
		return SNAPSHOT_BUSY;
	if (has_lease)
		return SNAPSHOT_DONE;
	nap(SETTLE_MS);
	return fd_holds(fd, out) ? SNAPSHOT_DONE : SNAPSHOT_BUSY;
}

/* Opens anew each time: what was busy may have been replaced by a rename. */
static enum snapshot read_once(struct buf *out, const char *path, struct err *why)
{
	/* Not blocking: `path` may be a FIFO that nobody feeds. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum snapshot result;

	if (fd < 0 && errno == EAGAIN)
		return SNAPSHOT_BUSY;
	if (fd < 0 && errno == ENOENT) {
		err_set(why, ERR_INTERNAL, "%s does not exist; build it, or correct its name",
			path);
		return SNAPSHOT_BAD;
	}
	if (fd < 0) {
		err_set(why, ERR_INTERNAL, "%s cannot be read: %s", path, strerror(errno));
		return SNAPSHOT_BAD;
	}
	result = read_steady(fd, out, path, why);
	close(fd); /* ends the lease too */
	return result;
}

enum snapshot snapshot_try(struct buf *out, const char *path, struct err *why)
{
	enum snapshot result = read_once(out, path, why);

	if (result == SNAPSHOT_BUSY)
		err_set(why, ERR_INTERNAL,
			"%s is still being written after %d s; reload when the copy is complete, "
			"or copy to another name and mv it here",
			path, SNAPSHOT_WAIT_MS / 1000);
	return result;
}

bool snapshot_read(struct buf *out, const char *path, struct err *why)
{
	int64_t deadline = now_ms() + SNAPSHOT_WAIT_MS;
	enum snapshot result;

	while ((result = snapshot_try(out, path, why)) == SNAPSHOT_BUSY && now_ms() < deadline)
		nap(SNAPSHOT_NAP_MS);
	return result == SNAPSHOT_DONE;
}
