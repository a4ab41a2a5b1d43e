/*
 * What changes between note and check is put back, and nothing else is.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/manners.h"

#include <locale.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "plugin/scratch.h"

static const struct manners_suspect who = {"x", 1, "start", true};

static int make(void **state)
{
	*state = manners_new();
	return 0;
}

static int drop(void **state)
{
	manners_free(*state);
	return 0;
}

static void umask_folder_and_locale_are_put_back(void **state)
{
	mode_t mask = umask(022);
	char before[4096], after[4096];

	assert_non_null(getcwd(before, sizeof(before)));
	manners_note(*state);
	umask(0);
	assert_int_equal(chdir("/"), 0);
	setlocale(LC_ALL, "C.UTF-8");
	manners_check(*state, &who);
	assert_int_equal(umask(mask), 022);
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(after, before);
	assert_string_equal(setlocale(LC_ALL, NULL), "C");
}

static void what_the_host_changes_before_a_note_stays(void **state)
{
	mode_t mask = umask(022);

	manners_note(*state);
	umask(027);
	manners_note(*state);
	manners_check(*state, &who);
	assert_int_equal(umask(mask), 027);
}

static void on_signal(int number)
{
	(void)number;
}

static void (*handler_of(int number))(int)
{
	struct sigaction now;

	assert_int_equal(sigaction(number, NULL, &now), 0);
	return now.sa_handler;
}

static void signals_of_the_host_are_put_back_others_left(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	manners_note(*state);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, on_signal);
	manners_check(*state, &who);
	assert_ptr_equal(handler_of(SIGPIPE), SIG_IGN);
	assert_ptr_equal(handler_of(SIGUSR1), on_signal);
	/* It is the plugin's own: it may change it again. */
	manners_note(*state);
	signal(SIGUSR1, SIG_IGN);
	manners_check(*state, &who);
	assert_ptr_equal(handler_of(SIGUSR1), SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
}

static void a_handler_that_is_gone_is_reset(void **state)
{
	struct sigaction gone = {.sa_handler = SIG_DFL};
	uintptr_t nowhere = 64;

	memcpy(&gone.sa_handler, &nowhere, sizeof(nowhere));
	manners_note(*state);
	sigaction(SIGUSR1, &gone, NULL);
	manners_check(*state, &who);
	assert_ptr_equal(handler_of(SIGUSR1), SIG_DFL);
}

static void descriptors_of_the_host_are_put_back(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t count = 3;

	assert_int_equal(write(fd, &count, sizeof(count)), sizeof(count));
	manners_note(*state);
	close(fd);
	close(0);
	manners_check(*state, &who);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	count = 0;
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 3);
	assert_true(fcntl(0, F_GETFD) >= 0);
	/* Closed by the host: gone for good. */
	close(fd);
	manners_note(*state);
	manners_check(*state, &who);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_disowned_descriptor_is_not_kept(void **state)
{
	int pair[2];
	char byte;

	manners_note(*state);
	assert_int_equal(pipe(pair), 0);
	manners_own(*state, pair[1]);
	close(pair[1]);
	manners_check(*state, &who);
	assert_true(fcntl(pair[1], F_GETFD) >= 0);
	manners_disown(*state, pair[1]);
	close(pair[1]);
	/* No spare of the writing end is left, or this would wait. */
	assert_int_equal(read(pair[0], &byte, 1), 0);
	close(pair[0]);
}

static void what_is_opened_is_found(void **state)
{
	struct fd_marks opened = {.count = 0};
	int fd;

	manners_note(*state);
	manners_note_open(*state);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	manners_find_opened(*state, &opened);
	assert_int_equal(opened.count, 1);
	assert_int_equal(opened.items[0].fd, fd);
	assert_true(fd_mark_holds(&opened.items[0]));
	close(fd);
	assert_false(fd_mark_holds(&opened.items[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(umask_folder_and_locale_are_put_back),
		TEST(what_the_host_changes_before_a_note_stays),
		TEST(signals_of_the_host_are_put_back_others_left),
		TEST(a_handler_that_is_gone_is_reset),
		TEST(descriptors_of_the_host_are_put_back),
		TEST(a_disowned_descriptor_is_not_kept),
		TEST(what_is_opened_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
