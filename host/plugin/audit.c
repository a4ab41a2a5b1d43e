/*
 * A thread that waits tells its stack pointer in /proc, and from there to the end of its stack lies
 * every address that it will return to, at the far end its start routine (the C library keeps it
 * there). One word into the code is enough to keep the code. Words that only lie there may keep it
 * for nothing: a few pages of memory against a jump into nowhere. SPDX-License-Identifier: MIT
 */
#include "plugin/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIES = 10, /* looks at a thread that happens to run, before it is given up on */
	NAP_US = 500,
	CHUNK = 4096,
	STACK_MAX = 16 << 20, /* bytes looked through; a stack that is deeper is not looked into */
};

enum sight { SIGHT_OUTSIDE, SIGHT_INSIDE, SIGHT_UNKNOWN };

static bool is_in(const struct extent *code, uintptr_t address)
{
	return address >= code->low && address < code->high;
}

/* ---- threads -------------------------------------------------------------------------------- */

/* The text of /proc/self/task/<thread>/<what>; empty when the thread is gone or hidden. */
static void read_about(pid_t thread, const char *what, char *out, size_t size)
{
	char path[64];
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/%s", (long)thread, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, out, size - 1);
		close(fd);
	}
	out[len < 0 ? 0 : len] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static bool is_gone(pid_t thread)
{
	char text[512];
	const char *state;

	read_about(thread, "stat", text, sizeof(text));
	state = strrchr(text, ')');
	return state == NULL || state[1] == '\0' || strchr("ZXx", state[2]) != NULL;
}

/* The last two words are stack pointer and code; "running" has neither. Cuts the text. */
static bool parse_position(char *text, uintptr_t *stack, uintptr_t *code)
{
	char *last = strrchr(text, ' '), *before;

	if (last == NULL)
		return false;
	*last = '\0';
	before = strrchr(text, ' ');
	if (before == NULL)
		return false;
	*stack = strtoull(before + 1, NULL, 16);
	*code = strtoull(last + 1, NULL, 16);
	return *stack != 0;
}

/* The end of the mapping that holds the address, or 0. */
static uintptr_t mapping_end(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t end = 0;
	char line[512];

	while (maps != NULL && end == 0 && fgets(line, sizeof(line), maps) != NULL) {
		char *rest;
		uintptr_t low = strtoull(line, &rest, 16), high = 0;

		if (*rest == '-')
			high = strtoull(rest + 1, NULL, 16);
		if (address >= low && address < high)
			end = high;
	}
	if (maps != NULL)
		fclose(maps);
	return end;
}

/* By way of the kernel, as the stack may go while it is read. */
static enum sight look_through(const struct extent *code, int memory, uintptr_t at, uintptr_t end)
{
	uintptr_t words[CHUNK / sizeof(uintptr_t)];

	for (at &= ~(sizeof(uintptr_t) - 1); at < end;) {
		size_t want = end - at < CHUNK ? end - at : CHUNK;
		ssize_t len = pread(memory, words, want, (off_t)at);

		if (len <= 0)
			return SIGHT_UNKNOWN;
		for (size_t i = 0; i < (size_t)len / sizeof(words[0]); i++)
			if (is_in(code, words[i]))
				return SIGHT_INSIDE;
		at += (size_t)len;
	}
	return SIGHT_OUTSIDE;
}

static enum sight look_at_stack(const struct extent *code, uintptr_t stack)
{
	uintptr_t end = mapping_end(stack);
	enum sight sight;
	int memory;

	if (end == 0 || end - stack > STACK_MAX)
		return SIGHT_UNKNOWN;
	memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return SIGHT_UNKNOWN;
	sight = look_through(code, memory, stack, end);
	close(memory);
	return sight;
}

static enum sight look_at_thread(const struct extent *code, pid_t thread)
{
	const struct timespec nap = {.tv_nsec = NAP_US * 1000};
	enum sight sight = SIGHT_UNKNOWN;
	uintptr_t stack, at;
	char text[256];

	for (int i = 0; i < TRIES && sight == SIGHT_UNKNOWN; i++) {
		if (i > 0)
			nanosleep(&nap, NULL);
		if (is_gone(thread))
			return SIGHT_OUTSIDE;
		read_about(thread, "syscall", text, sizeof(text));
		if (parse_position(text, &stack, &at))
			sight = is_in(code, at) ? SIGHT_INSIDE : look_at_stack(code, stack);
	}
	return sight;
}

static bool thread_is_out(const struct extent *code, pid_t thread, struct err *why)
{
	enum sight sight = look_at_thread(code, thread);
	char name[32];

	if (sight == SIGHT_OUTSIDE)
		return true;
	read_about(thread, "comm", name, sizeof(name));
	err_set(why, ERR_INTERNAL, "thread %ld (%s) %s; end and join every thread in .stop",
		(long)thread, name,
		sight == SIGHT_INSIDE ? "still runs in it"
				      : "is busy, so that nobody can tell whether it runs in it");
	return false;
}

static bool threads_are_out(
	const struct extent *code, const struct audit_threads *threads, struct err *why)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	bool is_out = dir != NULL;

	if (dir == NULL)
		err_set(why, ERR_INTERNAL, "/proc/self/task cannot be read: %s; mount /proc",
			strerror(errno));
	while (is_out && (entry = readdir(dir)) != NULL) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || thread == gettid() ||
			(threads != NULL && threads->is_own(threads->context, thread)))
			continue;
		is_out = thread_is_out(code, thread, why);
	}
	if (dir != NULL)
		closedir(dir);
	return is_out;
}

/* ---- signals -------------------------------------------------------------------------------- */

static bool signals_are_out(const struct extent *code, struct err *why)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;
		const char *name = sigabbrev_np(number);

		/* Both members of the union are addresses. */
		if (sigaction(number, NULL, &action) != 0 ||
			!is_in(code, (uintptr_t)action.sa_handler))
			continue;
		err_set(why, ERR_INTERNAL,
			"the handler of signal %d%s%s lies in it; put the one before back in .stop",
			number, name == NULL ? "" : ", SIG", name == NULL ? "" : name);
		return false;
	}
	return true;
}

bool audit_is_unused(
	const struct extent *code, const struct audit_threads *threads, struct err *why)
{
	return signals_are_out(code, why) && threads_are_out(code, threads, why);
}
