/*
 * Whether code may be unmapped: what of the process would still run in it, or jump into it, later.
 * Knows addresses only, no plugins. Called by image.c, which parks what is not proven unused.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_AUDIT_H
#define SOCKLET_PLUGIN_AUDIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plugin/extent.h"

/* The host's own threads, which never hold a plugin's code when it may go. NULL: there are none. */
struct audit_threads {
	bool (*is_own)(void *context, pid_t thread);
	void *context;
};

/*
 * Whether neither a thread nor a signal handler is left in that code; call it on the thread of the
 * loop, from its top. False fills `why` with what there is and what the plugin has to do about it.
 * A thread that cannot be looked into counts as left.
 */
bool audit_is_unused(
	const struct extent *code, const struct audit_threads *threads, struct err *why);

#endif
