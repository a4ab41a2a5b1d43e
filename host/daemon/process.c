/*
 * Call while the process has one thread. Knows nothing of what children do. Called by crew.c and
 * canary.c. SPDX-License-Identifier: MIT
 */
#include "daemon/process.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void process_signals(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGHUP);
	sigaddset(out, SIGTERM);
	sigaddset(out, SIGINT);
	sigaddset(out, SIGCHLD);
	sigaddset(out, SIGUSR1);
	sigaddset(out, SIGUSR2);
}

static void pass_over(int signal_number)
{
	(void)signal_number;
}

/* A handler instead of SIG_IGN, which programs that a plugin starts would inherit. */
static void pass_over_signals(void)
{
	const struct sigaction action = {.sa_handler = pass_over, .sa_flags = SA_RESTART};
	sigset_t ours;

	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	process_signals(&ours);
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

static void close_all_but(int keep)
{
	const unsigned first = STDERR_FILENO + 1;

	if (keep > (int)first)
		close_range(first, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0u, 0);
}

pid_t process_fork(int keep)
{
	pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before we asked. */
	if (getppid() != parent)
		_exit(1);
	pass_over_signals();
	close_all_but(keep);
	return 0;
}

pid_t process_fork_successor(int keep, int error)
{
	pid_t child = fork();
	sigset_t none;

	if (child != 0)
		return child;
	dup2(error, STDERR_FILENO);
	close_all_but(keep);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

void process_end_print(char out[PROCESS_END_SIZE], int status)
{
	if (WIFSIGNALED(status))
		snprintf(out, PROCESS_END_SIZE, "died of signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(out, PROCESS_END_SIZE, "ended with status %d", WEXITSTATUS(status));
}

uint64_t process_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
