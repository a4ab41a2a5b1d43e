/*
 * Runs foreign code in a process of its own, where a crash costs nothing. SPDX-License-Identifier:
 * MIT
 */
#ifndef SOCKLET_CALL_CHILD_H
#define SOCKLET_CALL_CHILD_H

#include "base/arena.h"

enum { CHILD_SECONDS = 10 };

enum child_how {
	CHILD_DONE,        /* number: what work returned */
	CHILD_CRASHED,     /* number: the signal */
	CHILD_HUNG,        /* for CHILD_SECONDS */
	CHILD_EXITED,      /* number: the exit status; work did not return */
	CHILD_NOT_STARTED, /* number: errno */
};

struct child_end {
	enum child_how how;
	int number;
};

/*
 * Calls work(context) in a child and waits for its end. What work changes stays in the child; it
 * flushes what it prints. Call while the process has one thread.
 */
struct child_end child_run(unsigned char (*work)(void *context), void *context);
/* "crashed with signal 11 (Segmentation fault)"; of one that is not CHILD_DONE. */
const char *child_end_text(const struct child_end *end, struct arena *arena);

#endif
