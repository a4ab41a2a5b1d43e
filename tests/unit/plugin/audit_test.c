/*
 * Code counts as unused only when no thread and no signal handler is left in it; this test program
 * is the code. SPDX-License-Identifier: MIT
 */
#include "plugin/audit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "plugin/scratch.h"

#define NOWHERE 0x123456780000u /* no word on a stack looks like that by chance */

struct waiter {
	pthread_t thread;
	int pipe[2];
	atomic_int id;
};

static struct extent program(void)
{
	struct extent code;

	/* The loader's name for the program. */
	assert_true(extent_find(&code, ""));
	return code;
}

static void *wait_for_byte(void *data)
{
	struct waiter *waiter = data;
	char byte;

	waiter->id = gettid();
	assert_int_equal(read(waiter->pipe[0], &byte, 1), 1);
	return NULL;
}

static void waiter_start(struct waiter *waiter)
{
	assert_int_equal(pipe(waiter->pipe), 0);
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_for_byte, waiter), 0);
	while (waiter->id == 0)
		usleep(100);
}

static void waiter_end(struct waiter *waiter)
{
	assert_int_equal(write(waiter->pipe[1], "x", 1), 1);
	pthread_join(waiter->thread, NULL);
	close(waiter->pipe[0]);
	close(waiter->pipe[1]);
}

static bool is_own(void *context, pid_t thread)
{
	return ((struct waiter *)context)->id == thread;
}

static void a_thread_keeps_its_code_and_no_other(void **state)
{
	const struct extent code = program(), elsewhere = {NOWHERE, NOWHERE + 4096};
	struct waiter waiter = {.id = 0};
	const struct audit_threads own = {is_own, &waiter};
	struct err why = {0};

	(void)state;
	assert_true(audit_is_unused(&code, NULL, &why));
	waiter_start(&waiter);
	assert_false(audit_is_unused(&code, NULL, &why));
	if (strstr(why.text, "still runs in it; end and join every thread in .stop") == NULL)
		fail_msg("said: %s", why.text);
	assert_true(audit_is_unused(&elsewhere, NULL, &why));
	assert_true(audit_is_unused(&code, &own, &why));
	waiter_end(&waiter);
	assert_true(audit_is_unused(&code, NULL, &why));
}

static atomic_int is_over;

static void *run_busily(void *data)
{
	(void)data;
	while (!is_over)
		;
	return NULL;
}

static void a_busy_thread_keeps_all_code(void **state)
{
	const struct extent elsewhere = {NOWHERE, NOWHERE + 4096};
	struct err why = {0};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, run_busily, NULL), 0);
	assert_false(audit_is_unused(&elsewhere, NULL, &why));
	if (strstr(why.text, "is busy") == NULL)
		fail_msg("said: %s", why.text);
	is_over = 1;
	pthread_join(thread, NULL);
	assert_true(audit_is_unused(&elsewhere, NULL, &why));
}

static void on_signal(int number)
{
	(void)number;
}

static void a_signal_handler_keeps_its_code(void **state)
{
	const struct extent code = program();
	struct err why = {0};

	(void)state;
	signal(SIGUSR2, on_signal);
	assert_false(audit_is_unused(&code, NULL, &why));
	if (strstr(why.text, "the handler of signal 12, SIGUSR2 lies in it") == NULL)
		fail_msg("said: %s", why.text);
	signal(SIGUSR2, SIG_DFL);
	assert_true(audit_is_unused(&code, NULL, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_keeps_its_code_and_no_other),
		cmocka_unit_test(a_busy_thread_keeps_all_code),
		cmocka_unit_test(a_signal_handler_keeps_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
