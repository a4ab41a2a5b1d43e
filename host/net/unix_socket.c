/*
 * The file is made with no rights at all and given them before anybody may listen at it, so that
 * there is no moment in which the wrong ones can connect. Called by daemon/listen_set.c, while the
 * process has one thread. SPDX-License-Identifier: MIT
 */
#include "net/unix_socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel lowers it to net.core.somaxconn */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* 0: somebody listens there; else errno of connecting. */
static int try_connect(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = open_socket(), error = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	/* Its queue is full. */
	return error == EAGAIN ? 0 : error;
}

/* False, with the reason, unless the path is free now. */
static bool make_room(const char *path, struct err *why)
{
	struct stat info;
	int error;

	if (lstat(path, &info) != 0)
		return true;
	if (!S_ISSOCK(info.st_mode)) {
		err_set(why, ERR_INTERNAL,
			"cannot listen on unix:%s: found a file that is no socket; remove it, or "
			"take another path",
			path);
		return false;
	}
	error = try_connect(path);
	if (error == 0)
		err_set(why, ERR_INTERNAL,
			"cannot listen on unix:%s: another program does; stop it, or take another "
			"path",
			path);
	else if (error != ECONNREFUSED)
		err_set(why, ERR_INTERNAL,
			"cannot listen on unix:%s: cannot see whether another program does: %s",
			path, strerror(error));
	return error == ECONNREFUSED && (unlink(path) == 0 || errno == ENOENT);
}

static bool bind_there(int fd, const char *path)
{
	struct sockaddr_un address = address_of(path);
	mode_t mask = umask(0777);
	bool is_bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

	umask(mask);
	return is_bound;
}

static int fail(int fd, const char *path, struct err *why)
{
	err_set(why, ERR_INTERNAL, "cannot listen on unix:%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int unix_socket_open(const struct unix_socket *at, struct err *why)
{
	int fd;

	if (!make_room(at->path, why))
		return -1;
	fd = open_socket();
	if (fd < 0 || !bind_there(fd, at->path))
		return fail(fd, at->path, why);
	if (unix_socket_allow(at, why) && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	unlink(at->path);
	return -1;
}

static bool change(int fd, const struct stat *info, const struct unix_socket *at)
{
	char name[64];

	if ((at->owner != UNIX_SOCKET_KEEP && at->owner != info->st_uid) ||
		(at->group != UNIX_SOCKET_KEEP && at->group != info->st_gid)) {
		if (fchownat(fd, "", at->owner, at->group, AT_EMPTY_PATH) != 0)
			return false;
	}
	if ((info->st_mode & 07777) == at->mode)
		return true;
	/* fchmod refuses such a descriptor. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return chmod(name, at->mode) == 0;
}

/* By descriptor: a link that somebody put there meanwhile is not followed. */
bool unix_socket_allow(const struct unix_socket *at, struct err *why)
{
	int fd = open(at->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	bool ok = fd >= 0 && fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) &&
		  change(fd, &info, at);

	if (!ok)
		err_set(why, ERR_INTERNAL, "cannot set mode and owner of unix:%s: %s", at->path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

struct unix_socket_id unix_socket_identify(const char *path)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return (struct unix_socket_id){0};
	return (struct unix_socket_id){info.st_dev, info.st_ino};
}

void unix_socket_remove(const char *path, struct unix_socket_id id)
{
	struct unix_socket_id there = unix_socket_identify(path);

	if (there.inode != 0 && there.inode == id.inode && there.device == id.device)
		unlink(path);
}
