/*
 * The folder's name carries our process id and its lock our life: a folder whose process is gone
 * and whose lock is free is litter of a host that was killed. Both are asked, as a process id may
 * belong to another container and a lock is free for a moment after mkdtemp. Called by image.c.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/private_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

#define DIR_PREFIX "socklet-"

static char *join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + 1 + strlen(name) + 1;
	char *path = xmalloc(size);

	snprintf(path, size, "%s/%s", dir, name);
	return path;
}

/* Takes the open folder `fd` and closes it. */
static void remove_files(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		unlinkat(fd, entry->d_name, 0);
	closedir(dir);
}

/* Whether the name is one of ours and its process gone. */
static bool name_is_stale(const char *name)
{
	char *end;
	long pid;

	if (strncmp(name, DIR_PREFIX, strlen(DIR_PREFIX)) != 0)
		return false;
	pid = strtol(name + strlen(DIR_PREFIX), &end, 10);
	return *end == '-' && strlen(end + 1) == 6 && pid > 0 && (pid_t)pid == pid &&
	       kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/*
 * The base may be /tmp, where others make what names they like: only a real folder of ours, in
 * which nobody else can write or look around, is touched.
 */
static void remove_if_stale(int base, const char *name)
{
	struct stat info;
	int fd;

	if (!name_is_stale(name))
		return;
	fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &info) != 0 || info.st_uid != geteuid() || (info.st_mode & 067) != 0 ||
		flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return;
	}
	remove_files(fd);
	unlinkat(base, name, AT_REMOVEDIR);
}

static void remove_stale(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		remove_if_stale(dirfd(dir), entry->d_name);
	closedir(dir);
}

/* Asks the kernel instead of mount options: security modules and containers have a say too. */
static bool allows_code(const char *dir)
{
	char *path = join(dir, "probe");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	void *page = MAP_FAILED;
	int reason;

	if (fd >= 0 && ftruncate(fd, 4096) == 0)
		page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	reason = errno;
	if (page != MAP_FAILED)
		munmap(page, 4096);
	if (fd >= 0)
		close(fd);
	unlink(path);
	free(path);
	errno = reason;
	return page != MAP_FAILED;
}

/* On failure errno says why and nothing is left behind. */
static bool open_below(struct private_dir *dir, const char *base)
{
	char name[64];
	int reason;

	snprintf(name, sizeof(name), DIR_PREFIX "%ld-XXXXXX", (long)getpid());
	dir->owner = getpid();
	dir->path = join(base, name);
	if (mkdtemp(dir->path) == NULL) {
		reason = errno;
		free(dir->path);
		errno = reason;
		return false;
	}
	dir->lock = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->lock >= 0 && flock(dir->lock, LOCK_EX | LOCK_NB) == 0 && allows_code(dir->path))
		return true;
	reason = errno;
	private_dir_close(dir);
	errno = reason;
	return false;
}

bool private_dir_open(struct private_dir *dir, struct err *why)
{
	const char *bases[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
	char tried[128] = "";

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		size_t len = strlen(tried);

		if (bases[i] == NULL || bases[i][0] != '/')
			continue;
		remove_stale(bases[i]);
		if (open_below(dir, bases[i]))
			return true;
		snprintf(tried + len, sizeof(tried) - len, "%s%s (%s)", len > 0 ? ", " : "",
			bases[i], strerror(errno));
	}
	err_set(why, ERR_INTERNAL,
		"no folder for copies of plugins: %s; set TMPDIR to one that allows writing and "
		"running code",
		tried);
	return false;
}

bool private_dir_share(struct private_dir *dir, unsigned group, struct err *why)
{
	if (fchown(dir->lock, (uid_t)-1, group) == 0 && fchmod(dir->lock, 02710) == 0)
		return true;
	err_set(why, ERR_INTERNAL, "cannot let group %u read the copies in %s: %s", group,
		dir->path, strerror(errno));
	return false;
}

void private_dir_close(struct private_dir *dir)
{
	bool is_owner = dir->owner == getpid();

	if (is_owner && dir->lock >= 0)
		remove_files(dir->lock);
	else if (dir->lock >= 0)
		close(dir->lock);
	if (is_owner)
		rmdir(dir->path);
	free(dir->path);
	memset(dir, 0, sizeof(*dir));
}
