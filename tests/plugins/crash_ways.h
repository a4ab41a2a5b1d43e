/* The ways in which the crash plugins end their process. SPDX-License-Identifier: MIT */
#ifndef SOCKLET_TESTS_CRASH_WAYS_H
#define SOCKLET_TESTS_CRASH_WAYS_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Volatile throughout: what cannot end well the compiler would leave out. */
static inline void write_nowhere(void)
{
	int *volatile nowhere = (int *)8; /* a NULL that UBSan would catch first */

	*nowhere = 1;
}

static inline void read_nowhere_in_libc(void)
{
	const char *volatile nowhere = (const char *)8;
	volatile size_t len = strlen(nowhere);

	(void)len;
}

static inline int fill_stack(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return frame[0] == 1 ? 0 : fill_stack(frame) + frame[0];
}

__attribute__((no_sanitize("undefined"))) static inline void divide_by_zero(void)
{
	volatile int some = 7, zero = 0;
	volatile int result = some / zero;

	(void)result;
	raise(SIGFPE); /* not every machine traps */
}

static inline void crash(const char *how)
{
	volatile char zero = 0;
	volatile int forever = 1;

	if (strcmp(how, "null") == 0)
		write_nowhere();
	else if (strcmp(how, "libc") == 0)
		read_nowhere_in_libc();
	else if (strcmp(how, "stack") == 0)
		fill_stack(&zero);
	else if (strcmp(how, "fpe") == 0)
		divide_by_zero();
	else if (strcmp(how, "abort") == 0)
		abort();
	while (strcmp(how, "loop") == 0 && forever)
		continue;
}

#endif
