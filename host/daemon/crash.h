/*
 * One line for a process that a plugin brought down: plugin, version, callback, route, connection,
 * and the place in the code. Written by the process itself while it dies, and again by its parent,
 * which also sees ends that no handler does (SIGKILL, memory, exit). Called by canary.c,
 * worker_process.c and master.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CRASH_H
#define SOCKLET_DAEMON_CRASH_H

#include <stddef.h>
#include <sys/types.h>

#include "plugin/breadcrumb.h"

enum { CRASH_TEXT_MAX = 1536 };

/*
 * From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGTRAP leave their line in the log and
 * in the page; then what would have happened without happens. By the thread that runs plugins; in
 * a forked process again, with its own page.
 */
void crash_watch(struct breadcrumb *page);

/*
 * What a process does in plugin code: "plugin echo (version 3), callback message, route /ws,
 * connection #17". Returns `out`.
 */
const char *crash_step(char *out, size_t size, const struct breadcrumb *page);

/*
 * How a child ended, by what waitpid said and the page that the child wrote to: "worker 26416
 * crashed: SIGKILL, in plugin echo (version 3), callback message, route /ws, connection #17".
 * Returns `out`.
 */
const char *crash_report(
	char *out, size_t size, const struct breadcrumb *page, pid_t child, int wait_status);

#endif
