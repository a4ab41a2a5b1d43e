/*
 * From a routes file to a generation, with every complaint of both in one list.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_LOAD_H
#define SOCKLET_DAEMON_LOAD_H

#include "call/generation.h"
#include "call/host.h"
#include "daemon/tls_files.h"

enum load_how {
	LOAD_TO_SERVE, /* starts the plugins */
	LOAD_TO_LOOK,  /* does not */
	LOAD_TO_CHECK, /* does not, and opens each plugin in a child process first */
};

struct load {
	const char *file;
	const struct span *text; /* what it holds; NULL: to be read */
	enum load_how how;
	unsigned number;                /* of the generation */
	const char *const *quarantined; /* plugins not to be loaded */
	size_t quarantined_count;
	const struct tls_files *tls_files;   /* NULL: to be read */
	const struct tls_secret *tls_secret; /* of session tickets; NULL: a new one */
	bool wants_valid;                    /* certificates that have expired are mistakes */
	struct tls_context **tls;            /* what `tls:` makes, the caller's; NULL: nobody's */
};

/* NULL adds to `why` every mistake of the file, its plugins and their plans, from the top down. */
struct generation *load_generation(
	struct host *host, const struct load *load, struct err_list *why);

#endif
