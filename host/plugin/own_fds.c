/*
 * The spare keeps a socket or an event queue alive, with all that the kernel knows of it, while its
 * number is closed: putting it back is one dup, and who waits for it notices nothing.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/own_fds.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ADOPTED = 128,   /* what the host lives with it opens early, so the numbers are low */
	SPARE_MIN = 200, /* and those of spares are not */
};

/* ---- marks ---------------------------------------------------------------------------------- */

bool fd_mark_take(struct fd_mark *out, int fd)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return false;
	*out = (struct fd_mark){fd, info.st_dev, info.st_ino, info.st_mode};
	return true;
}

static bool is_on(int fd, const struct fd_mark *mark)
{
	struct fd_mark now;

	return fd_mark_take(&now, fd) && now.device == mark->device && now.node == mark->node &&
	       (now.mode & S_IFMT) == (mark->mode & S_IFMT);
}

bool fd_mark_holds(const struct fd_mark *mark)
{
	return is_on(mark->fd, mark);
}

const char *fd_mark_kind(const struct fd_mark *mark)
{
	return S_ISSOCK(mark->mode)   ? "a socket"
	       : S_ISREG(mark->mode)  ? "a file"
	       : S_ISDIR(mark->mode)  ? "a folder"
	       : S_ISFIFO(mark->mode) ? "a pipe"
	       : S_ISCHR(mark->mode)  ? "a device"
				      : "an event queue or the like";
}

/* ---- the host's ----------------------------------------------------------------------------- */

int own_fds_spare(int fd)
{
	int spare = fcntl(fd, F_DUPFD_CLOEXEC, SPARE_MIN);

	/* The limit may be lower. */
	return spare >= 0 ? spare : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void remove_at(struct own_fds *own, unsigned i)
{
	const struct own_fd *item = &own->items[i];

	/* A plugin may have closed it, and its number be somebody else's. */
	if (item->spare >= 0 && is_on(item->spare, &item->is))
		close(item->spare);
	own->items[i] = own->items[--own->count];
}

void own_fds_remove(struct own_fds *own, int fd)
{
	for (unsigned i = own->count; i-- > 0;)
		if (own->items[i].is.fd == fd)
			remove_at(own, i);
}

void own_fds_add(struct own_fds *own, int fd)
{
	struct own_fd *item;

	own_fds_remove(own, fd);
	item = &own->items[own->count];
	if (own->count == OWN_FDS_MAX || !fd_mark_take(&item->is, fd))
		return;
	item->flags = fcntl(fd, F_GETFD);
	item->spare = own_fds_spare(fd);
	own->count++;
}

void own_fds_fini(struct own_fds *own)
{
	while (own->count > 0)
		remove_at(own, own->count - 1);
}

/* Closing the spare of a file would end the locks that this process has on it; 0 to 2 have none. */
static void adopt(struct own_fds *own)
{
	bool is_ours[ADOPTED];
	struct fd_mark mark;

	/* All before the first spare, whose number is low where the limit is. */
	for (int fd = 0; fd < ADOPTED; fd++)
		is_ours[fd] = fd_mark_take(&mark, fd) && (fd <= 2 || !S_ISREG(mark.mode));
	for (int fd = 0; fd < ADOPTED; fd++)
		if (is_ours[fd])
			own_fds_add(own, fd);
}

void own_fds_note_open(struct own_fds *own)
{
	for (int fd = 0; fd < OWN_FDS_WATCHED; fd++)
		own->is_open[fd] = fcntl(fd, F_GETFD) >= 0;
}

void own_fds_note(struct own_fds *own)
{
	if (!own->is_noted)
		adopt(own);
	own->is_noted = true;
	for (unsigned i = own->count; i-- > 0;)
		if (!fd_mark_holds(&own->items[i].is))
			remove_at(own, i);
}

/* At least the next socket must not become standard output. */
static bool put_null(int fd)
{
	int null = fd > 2 ? -1 : open("/dev/null", O_RDWR);

	if (null < 0 || null == fd)
		return null == fd;
	dup2(null, fd);
	close(null);
	return true;
}

const char *own_fds_restore(struct own_fds *own, unsigned i)
{
	struct own_fd *item = &own->items[i];

	if (fd_mark_holds(&item->is))
		return NULL;
	if (item->spare >= 0 && is_on(item->spare, &item->is) &&
		dup3(item->spare, item->is.fd, item->flags & FD_CLOEXEC ? O_CLOEXEC : 0) >= 0)
		return "put back";
	item->spare = -1;
	if (!put_null(item->is.fd))
		return "which cannot be put back: restart the host";
	fd_mark_take(&item->is, item->is.fd);
	return "replaced by /dev/null";
}

void own_fds_find_new(const struct own_fds *own, struct fd_marks *out)
{
	const unsigned max = sizeof(out->items) / sizeof(out->items[0]);

	for (int fd = 3; fd < OWN_FDS_WATCHED && out->count < max; fd++)
		if (!own->is_open[fd] && fd_mark_take(&out->items[out->count], fd))
			out->count++;
}
