/*
 * Forking children that die with us, and saying what they died of. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PROCESS_H
#define SOCKLET_DAEMON_PROCESS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* What the master takes from a descriptor instead of a handler, and its children pass over. */
void process_signals(sigset_t *out);

/*
 * As fork. The child has none of our descriptors but the standard ones and `keep`, is killed when
 * we end, and is not moved by signals meant for us: a terminal sends them to the whole group.
 */
pid_t process_fork(int keep);
/* As process_fork, for one that is to go on without us, with `error` as its standard error. */
pid_t process_fork_successor(int keep, int error);

enum { PROCESS_END_SIZE = 80 };
/* "died of signal 11 (Segmentation fault)", "ended with status 1". */
void process_end_print(char out[PROCESS_END_SIZE], int status);

/* Milliseconds of a clock that no one sets. */
uint64_t process_now_ms(void);

#endif
