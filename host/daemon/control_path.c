/*
 * One socket a routes file, in a folder that only its user can enter. Below /tmp, where others may
 * have made the folder first, its owner and mode are looked at. SPDX-License-Identifier: MIT
 */
#include "daemon/control_path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* FNV-1a: only to tell files apart. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

static bool is_ours(const char *folder)
{
	struct stat info;

	return lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
	       (info.st_mode & 077) == 0;
}

/* NULL: it cannot be entered by us and nobody else. */
static const char *folder_in(const char *base, struct arena *arena)
{
	const char *folder = arena_printf(arena, "%s/socklet-%u", base, (unsigned)geteuid());

	mkdir(folder, 0700);
	return is_ours(folder) ? folder : NULL;
}

static const char *default_path(const char *file, struct arena *arena)
{
	const char *base = getenv("XDG_RUNTIME_DIR"), *folder;
	char *real = realpath(file, NULL), *path = NULL;

	if (base == NULL || base[0] != '/')
		base = arena_printf(arena, "/run/user/%u", (unsigned)geteuid());
	folder = folder_in(base, arena);
	if (folder == NULL)
		folder = folder_in("/tmp", arena);
	/* A file that is gone is still known by its name. */
	if (folder != NULL)
		path = arena_printf(arena, "%s/%016llx.sock", folder,
			(unsigned long long)hash_of(real == NULL ? file : real));
	free(real);
	return path;
}

bool control_path(struct sockaddr_un *out, const struct config *config, struct err *why)
{
	struct arena arena = {0};
	const char *path = config->control.text;
	bool is_short;

	if (path == NULL)
		path = default_path(config->path, &arena);
	if (path == NULL) {
		err_set(why, ERR_INTERNAL,
			"neither $XDG_RUNTIME_DIR nor /tmp has a folder socklet-%u that is yours "
			"and closed to others; name a path with \"control:\"",
			(unsigned)geteuid());
		arena_fini(&arena);
		return false;
	}
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	is_short = strlen(path) < sizeof(out->sun_path);
	if (is_short)
		memcpy(out->sun_path, path, strlen(path));
	else
		err_set(why, ERR_INTERNAL,
			"%s is longer than the %zu bytes of a socket's path; name another one with "
			"\"control:\"",
			path, sizeof(out->sun_path) - 1);
	arena_fini(&arena);
	return is_short;
}
