/*
 * A scratch folder and its files, for tests that change a plugin under the host's feet.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_SCRATCH_H
#define SOCKLET_TESTS_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static inline char *scratch_new(void)
{
	char *path = strdup("/tmp/socklet-test-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static inline void scratch_free(char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	assert_int_equal(rmdir(path), 0);
	free(path);
}

/* The path of a file in a folder; the last eight stay valid. */
static inline const char *path_in(const char *dir, const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static inline struct buf file_get(const char *path)
{
	struct buf bytes = {0};
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL)
		fail_msg("%s cannot be opened: build all of tests/plugins", path);
	while ((n = fread(buf_reserve(&bytes, 65536), 1, 65536, file)) > 0)
		bytes.len += n;
	fclose(file);
	return bytes;
}

/* As cp does: into the same inode. */
static inline void file_put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static inline void file_copy(const char *to, const char *from)
{
	struct buf bytes = file_get(from);

	file_put(to, bytes.data, bytes.len);
	buf_fini(&bytes);
}

static inline unsigned file_count(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

#endif
