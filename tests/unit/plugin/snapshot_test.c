/*
 * A file is read whole or not at all, whoever writes it meanwhile. SPDX-License-Identifier: MIT
 */
#include "plugin/snapshot.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>

#include "plugin/scratch.h"

enum { PAGE = 4096, PAGES = 16 };

static int scratch_setup(void **state)
{
	*state = scratch_new();
	return 0;
}

static int scratch_teardown(void **state)
{
	scratch_free(*state);
	return 0;
}

static void assert_says(const struct err *why, const char *part)
{
	if (strstr(why->text, part) == NULL)
		fail_msg("said \"%s\", wanted \"%s\"", why->text, part);
}

/* A process that has the file open for writing for `ms`; returns once it has. */
static pid_t writer_start(const char *path, int ms)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY);

		write(ready[1], "", fd >= 0);
		poll(NULL, 0, ms);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void a_writer_that_ends_is_waited_for(void **state)
{
	const char *path = path_in(*state, "x");
	struct buf out = {0};
	struct err why = {0};
	pid_t pid;

	file_put(path, "abc", 3);
	pid = writer_start(path, 100);
	if (!snapshot_read(&out, path, &why))
		fail_msg("%s", why.text);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), pid);
	assert_int_equal(out.len, 3);
	buf_fini(&out);
}

static void a_writer_that_stays_is_named(void **state)
{
	const char *path = path_in(*state, "x");
	struct buf out = {0};
	struct err why = {0};
	pid_t pid;

	file_put(path, "abc", 3);
	pid = writer_start(path, 60000);
	assert_false(snapshot_read(&out, path, &why));
	assert_says(&why, "/x is still being written after 2 s; reload when the copy is complete");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	buf_fini(&out);
}

/* Pages that all hold the same byte, another one each round, as fast as can be. */
static _Noreturn void write_rounds(const char *path)
{
	char page[PAGE];

	for (unsigned char round = 0;; round++) {
		int fd = open(path, O_WRONLY | O_TRUNC);

		memset(page, round, sizeof(page));
		for (int i = 0; fd >= 0 && i < PAGES; i++)
			if (write(fd, page, sizeof(page)) != PAGE)
				_exit(1);
		close(fd);
	}
}

static void no_read_is_torn(void **state)
{
	const char *path = path_in(*state, "x");
	char zeros[PAGE * PAGES] = {0};
	pid_t pid;

	file_put(path, zeros, sizeof(zeros));
	pid = fork();
	if (pid == 0)
		write_rounds(path);
	for (int round = 0; round < 15; round++) {
		struct buf out = {0};
		struct err why = {0};

		/* A moment in which the writer has just emptied it is an honest refusal. */
		if (snapshot_read(&out, path, &why)) {
			if (out.len % PAGE != 0)
				fail_msg("round %d: %zu bytes", round, out.len);
			for (size_t i = 1; i < out.len; i++)
				if (out.data[i] != out.data[0])
					fail_msg(
						"round %d: byte %zu is of another write", round, i);
		}
		buf_fini(&out);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Another user's file gives no lease: two equal reads must do. */
static void without_a_lease_it_is_read_too(void **state)
{
	const char *path = path_in(*state, "x");
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	file_put(path, "abc", 3);
	chmod(*state, 0755);
	pid = fork();
	if (pid == 0) {
		struct buf out = {0};
		struct err why = {0};
		bool is_read;

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		is_read = snapshot_read(&out, path, &why) && out.len == 3;
		_exit(is_read && fcntl(open(path, O_RDONLY), F_SETLEASE, F_RDLCK) != 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void equality_is_of_bytes(void **state)
{
	const char *path = path_in(*state, "x");
	char big[100000] = {0};
	struct buf bytes = {0};

	buf_append(&bytes, big, sizeof(big));
	assert_false(snapshot_is_same(path, &bytes));
	file_put(path, big, sizeof(big));
	assert_true(snapshot_is_same(path, &bytes));
	bytes.data[99999] = 1;
	assert_false(snapshot_is_same(path, &bytes));
	bytes.data[99999] = 0;
	bytes.len--;
	assert_false(snapshot_is_same(path, &bytes));
	buf_fini(&bytes);
}

static void implausible_files_are_not_read(void **state)
{
	const char *path = path_in(*state, "x");
	struct buf out = {0};
	struct err why = {0};

	file_put(path, "abc", 3);
	assert_int_equal(truncate(path, (off_t)300 << 20), 0);
	assert_false(snapshot_read(&out, path, &why));
	assert_says(&why, "/x has 314572800 bytes, at most 268435456 are a plugin");
	assert_false(snapshot_read(&out, path_in(*state, "y"), &why));
	assert_says(&why, "/y does not exist; build it, or correct its name");
	assert_false(snapshot_read(&out, "/dev/null", &why));
	assert_says(&why, "/dev/null is not a file");
	buf_fini(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_writer_that_ends_is_waited_for),
		TEST(a_writer_that_stays_is_named),
		TEST(no_read_is_torn),
		TEST(without_a_lease_it_is_read_too),
		TEST(equality_is_of_bytes),
		TEST(implausible_files_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
