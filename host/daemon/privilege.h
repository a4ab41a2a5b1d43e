/*
 * Who runs the code of plugins, when root has started the host: `user` and `group` of routes.yaml.
 * The master stays what it is, for ports that a reload may bring, and runs no such code.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PRIVILEGE_H
#define SOCKLET_DAEMON_PRIVILEGE_H

#include <stdbool.h>

#include "base/err.h"

struct config;

struct privilege {
	bool is_dropped; /* else all processes are the same user's */
	unsigned user, group;
};

/* What the configuration wants of this process. False adds to `why` what cannot be. */
bool privilege_find(struct privilege *out, const struct config *config, struct err_list *why);
bool privilege_is_same(const struct privilege *a, const struct privilege *b);
/*
 * In a child that has one thread and runs no foreign code yet: becomes that user for good. False
 * has logged why; the child is to end.
 */
bool privilege_drop(const struct privilege *privilege);

#endif
