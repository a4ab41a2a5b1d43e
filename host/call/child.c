/*
 * The child hands over what its work returned on a pipe: only that counts, since foreign code may
 * also exit(0). Knows nothing of plugins; called by probe.c and the explain command.
 * SPDX-License-Identifier: MIT
 */
#include "call/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void work_and_report(unsigned char (*work)(void *context), void *context, int verdict)
{
	unsigned char word;

	signal(SIGALRM, SIG_DFL);
	alarm(CHILD_SECONDS);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	word = work(context);
	_exit(write(verdict, &word, 1) == 1 ? 0 : 1);
}

static struct child_end end_of(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return (struct child_end){CHILD_HUNG, 0};
	if (WIFSIGNALED(status))
		return (struct child_end){CHILD_CRASHED, WTERMSIG(status)};
	return (struct child_end){CHILD_EXITED, WEXITSTATUS(status)};
}

struct child_end child_run(unsigned char (*work)(void *context), void *context)
{
	int verdict[2], status = 0;
	unsigned char word;
	ssize_t got;
	pid_t child;

	if (pipe2(verdict, O_CLOEXEC) < 0)
		return (struct child_end){CHILD_NOT_STARTED, errno};
	child = fork();
	if (child < 0) {
		int reason = errno;

		close(verdict[0]);
		close(verdict[1]);
		return (struct child_end){CHILD_NOT_STARTED, reason};
	}
	if (child == 0)
		work_and_report(work, context, verdict[1]);
	close(verdict[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	got = read(verdict[0], &word, 1);
	close(verdict[0]);
	return got == 1 ? (struct child_end){CHILD_DONE, word} : end_of(status);
}

const char *child_end_text(const struct child_end *end, struct arena *arena)
{
	switch (end->how) {
	case CHILD_CRASHED:
		return arena_printf(
			arena, "crashed with signal %d (%s)", end->number, strsignal(end->number));
	case CHILD_HUNG:
		return arena_printf(arena, "did not end within %d s", CHILD_SECONDS);
	case CHILD_EXITED:
		return arena_printf(arena, "ended the process with status %d", end->number);
	case CHILD_NOT_STARTED:
		return arena_printf(arena, "found no process to run in: %s", strerror(end->number));
	case CHILD_DONE:
		break;
	}
	return "ended well";
}
