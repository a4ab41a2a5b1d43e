/*
 * A process that dies says what it was doing in one line, dies of the same signal all the same,
 * and its parent can say it too. SPDX-License-Identifier: MIT
 */
#include "daemon/crash.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct breadcrumb_step message = {"echo", "/ws", NULL, 17, CRUMB_MESSAGE, 3};
static const struct breadcrumb_step connect_step = {"echo", "/w\ns", NULL, 9, CRUMB_CONNECT, 2};
static const struct breadcrumb_step provider = {"items", NULL, "token", 0, CRUMB_PROVIDER, 1};

#define IN_ECHO "in plugin echo \\(version 3\\), callback message, route /ws, connection #17"

/* ---- ways to die ---- */

static void write_nowhere(void)
{
	int *volatile nowhere = (int *)8;

	*nowhere = 1;
}

static void call_abort(void)
{
	abort();
}

static void call_exit(void)
{
	_exit(3);
}

static void kill_myself(void)
{
	raise(SIGKILL);
}

static void call_nothing(void)
{
	void (*volatile nothing)(void) = NULL;

	/* Read as a number first: UBSan would stop the call before it is made. */
	((void (*)(void))((uintptr_t)nothing + 16))();
}

static int fill_stack(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return frame[0] == 1 ? 0 : fill_stack(frame) + frame[0];
}

static void overflow(void)
{
	volatile char zero = 0;

	fill_stack(&zero);
}

/* What the child wrote to standard error; its status. */
static char *run_child(struct breadcrumb *page, const struct breadcrumb_step *step,
	void (*die)(void), pid_t *child, int *status)
{
	static char said[65536];
	struct breadcrumb_step before;
	size_t len = 0;
	ssize_t got;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*child = fork();
	if (*child == 0) {
		dup2(ends[1], STDERR_FILENO);
		for (int signal_number = 1; signal_number < 32; signal_number++)
			signal(signal_number, SIG_DFL); /* cmocka and sanitizers have their own */
		crash_watch(page);
		if (step != NULL)
			breadcrumb_enter(page, step, &before);
		die();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(*child, status, 0), *child);
	return said;
}

static void check_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("wanted %s\ngot %s", pattern, text);
	regfree(&regex);
}

#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z error worker [0-9]+ crashed: "

static const struct {
	const char *name;
	void (*die)(void);
	const struct breadcrumb_step *step;
	const char *line; /* behind TIME */
	int signal;
} deaths[] = {
	{"fault", write_nowhere, &message,
		"SIGSEGV at address 0x8, " IN_ECHO ", code crash_test\\+0x[0-9a-f]+$", SIGSEGV},
	{"abort", call_abort, &message, "SIGABRT, " IN_ECHO ", code libc.*\\+0x[0-9a-f]+$",
		SIGABRT},
	{"overflow", overflow, &message,
		"SIGSEGV at address 0x[0-9a-f]+ \\(the stack is full\\), " IN_ECHO, SIGSEGV},
	{"jump", call_nothing, &message, "SIGSEGV at address 0x10, " IN_ECHO ", code 0x10$",
		SIGSEGV},
	{"forged", write_nowhere, &connect_step,
		"SIGSEGV at address 0x8, in plugin echo \\(version 2\\), callback connect, route "
		"/w\\?s, connection #9, code",
		SIGSEGV},
	{"provider", write_nowhere, &provider,
		"SIGSEGV at address 0x8, in plugin items \\(version 1\\), callback provider token, "
		"code",
		SIGSEGV},
	{"no plugin", write_nowhere, NULL,
		"SIGSEGV at address 0x8, outside of plugin code, code crash_test\\+", SIGSEGV},
};

static void a_line_is_written_and_the_signal_kills(void **state)
{
	char report[CRASH_TEXT_MAX], pattern[512];
	int status;
	pid_t child;

	(void)state;
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		struct breadcrumb *page = breadcrumb_new();
		const char *said = run_child(page, deaths[i].step, deaths[i].die, &child, &status);

		snprintf(pattern, sizeof(pattern), TIME "%s", deaths[i].line);
		check_matches(said, pattern);
		crash_report(report, sizeof(report), page, child, status);
		if (strstr(said, report) == NULL)
			fail_msg("%s: the parent says %s\nthe child said %s", deaths[i].name,
				report, said);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != deaths[i].signal)
			fail_msg("%s: wanted signal %d, got wait status %#x", deaths[i].name,
				deaths[i].signal, (unsigned)status);
		breadcrumb_free(page);
	}
}

/* ---- the parent's report ---- */

static const struct {
	void (*die)(void);
	const struct breadcrumb_step *step;
	const char *report; /* behind "worker <pid>" */
} ends[] = {
	{kill_myself, &message,
		" crashed: SIGKILL, in plugin echo (version 3), callback message, route /ws, "
		"connection #17"},
	{call_exit, &provider,
		" ended with status 3, in plugin items (version 1), callback provider token"},
	{call_exit, NULL, " ended with status 3, outside of plugin code"},
};

static void a_parent_reports_what_no_handler_saw(void **state)
{
	char report[CRASH_TEXT_MAX], wanted[CRASH_TEXT_MAX];
	int status;
	pid_t child;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct breadcrumb *page = breadcrumb_new();

		assert_string_equal(
			run_child(page, ends[i].step, ends[i].die, &child, &status), "");
		snprintf(wanted, sizeof(wanted), "worker %d%s", (int)child, ends[i].report);
		assert_string_equal(
			crash_report(report, sizeof(report), page, child, status), wanted);
		breadcrumb_free(page);
	}
}

static void what_ran_last_is_told_outside_of_plugins(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	struct breadcrumb_step before;
	char report[CRASH_TEXT_MAX];

	(void)state;
	breadcrumb_enter(page, &message, &before);
	breadcrumb_leave(page, &before);
	assert_string_equal(crash_report(report, sizeof(report), page, 5, SIGKILL),
		"worker 5 crashed: SIGKILL, outside of plugin code (what ran last: plugin echo "
		"(version 3), callback message, route /ws, connection #17)");
	breadcrumb_free(page);
}

static void a_page_full_of_nonsense_is_survived(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	char report[CRASH_TEXT_MAX];
	const unsigned char nonsense[] = {1, 'x', 0x7f, 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(nonsense); i++) {
		memset(page, nonsense[i], sizeof(*page));
		for (int other = 0; other < 2; other++) {
			page->fault.is_other_thread = other != 0;
			crash_report(report, sizeof(report), page, 5, SIGKILL);
			assert_true(strlen(report) < sizeof(report));
		}
	}
	breadcrumb_free(page);
}

static void a_jump_into_unloaded_code_names_whose_it_was(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	int status;
	pid_t child;

	(void)state;
	breadcrumb_image_opened(page, "echo", 2, 0x10, 0x1000);
	breadcrumb_image_closed(page, "echo", 2);
	check_matches(run_child(page, &message, call_nothing, &child, &status),
		IN_ECHO ", code unloaded echo version 2 \\(echo\\.so\\+0x0\\)$");
	breadcrumb_free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_written_and_the_signal_kills),
		cmocka_unit_test(a_parent_reports_what_no_handler_saw),
		cmocka_unit_test(what_ran_last_is_told_outside_of_plugins),
		cmocka_unit_test(a_page_full_of_nonsense_is_survived),
		cmocka_unit_test(a_jump_into_unloaded_code_names_whose_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
