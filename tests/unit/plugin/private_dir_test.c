/*
 * The folder for copies is ours alone, and what a killed host left is removed, nothing else.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/private_dir.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "plugin/scratch.h"

static int base_setup(void **state)
{
	*state = scratch_new();
	setenv("TMPDIR", *state, 1);
	unsetenv("XDG_RUNTIME_DIR");
	return 0;
}

static int base_teardown(void **state)
{
	scratch_free(*state);
	return 0;
}

static struct private_dir dir_open(void)
{
	struct private_dir dir;
	struct err why = {0};

	if (!private_dir_open(&dir, &why))
		fail_msg("%s", why.text);
	return dir;
}

/* The id of a process that is gone. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void it_is_private_and_goes(void **state)
{
	struct private_dir dir = dir_open();
	char start[300];
	struct stat info;

	snprintf(start, sizeof(start), "%s/socklet-%d-", (char *)*state, getpid());
	assert_memory_equal(dir.path, start, strlen(start));
	assert_int_equal(stat(dir.path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	file_put(path_in(dir.path, "x.1.so"), "x", 1);
	private_dir_close(&dir);
	assert_int_equal(file_count(*state), 0);
}

static void litter_of_a_killed_host_is_removed(void **state)
{
	struct private_dir dir;
	pid_t pid = fork();

	if (pid == 0) {
		dir = dir_open();
		file_put(path_in(dir.path, "x.1.so"), "x", 1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(file_count(*state), 1);
	dir = dir_open();
	assert_int_equal(file_count(*state), 1);
	private_dir_close(&dir);
	assert_int_equal(file_count(*state), 0);
}

static void folders_in_use_and_of_others_stay(void **state)
{
	struct private_dir mine = dir_open(), second;
	char name[64];
	const char *held, *link;
	int lock;

	/* A dead process id (perhaps of another container) whose lock is held. */
	snprintf(name, sizeof(name), "socklet-%d-abcdef", dead_pid());
	held = path_in(*state, name);
	assert_int_equal(mkdir(held, 0700), 0);
	lock = open(held, O_RDONLY);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	/* A trap: the link must not be followed. */
	snprintf(name, sizeof(name), "socklet-%d-ghijkl", dead_pid());
	link = path_in(*state, name);
	assert_int_equal(symlink(mine.path, link), 0);
	file_put(path_in(mine.path, "x.1.so"), "x", 1);
	file_put(path_in(*state, "socklet-notes"), "x", 1);
	second = dir_open();
	assert_int_equal(access(held, F_OK), 0);
	assert_int_equal(access(path_in(mine.path, "x.1.so"), F_OK), 0);
	assert_int_equal(access(path_in(*state, "socklet-notes"), F_OK), 0);
	private_dir_close(&second);
	private_dir_close(&mine);
	close(lock);
	assert_int_equal(rmdir(held), 0);
}

static void the_next_base_is_tried(void **state)
{
	struct private_dir dir;
	char missing[300];

	snprintf(missing, sizeof(missing), "%s/missing", (char *)*state);
	setenv("XDG_RUNTIME_DIR", missing, 1);
	dir = dir_open();
	assert_memory_equal(dir.path, *state, strlen(*state));
	private_dir_close(&dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, base_setup, base_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_private_and_goes),
		TEST(litter_of_a_killed_host_is_removed),
		TEST(folders_in_use_and_of_others_stay),
		TEST(the_next_base_is_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
