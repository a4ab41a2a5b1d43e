/*
 * The command line: which command, which file, which options. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_OPTIONS_H
#define SOCKLET_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_LISTEN_MAX = 16, OPTIONS_HEADER_MAX = 128 };

struct options {
	char **argv; /* all of it, as the program was started */
	const char *file;
	const char *listens[OPTIONS_LISTEN_MAX]; /* --listen, in order; override the file's */
	size_t listen_count;
	const char *url;                         /* what to explain */
	const char *method;                      /* -X; NULL: a handshake */
	const char *headers[OPTIONS_HEADER_MAX]; /* -H, in order */
	size_t header_count;
	bool as_json, as_metrics;
	bool reloads_itself;
};

/* Runs the command that argv names; returns the exit status: 0, 1 failed, 2 wrong usage. */
int options_run(int argc, char **argv);

#endif
