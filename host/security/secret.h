/*
 * Secrets of the operator: read from a file or a variable of the environment, compared without
 * telling how much was right, erased when no longer needed. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_SECRET_H
#define SOCKLET_SECURITY_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

enum { SECRET_SOURCE_MAX = 1024 * 1024 /* bytes of one file or variable */ };

/* Where a secret is: exactly one of both is not NULL. */
struct secret_source {
	const char *env, *file;
	struct place place; /* in routes.yaml, for complaints */
};

/* The bytes of a secret, in memory of its own. Zero it; then secret_fini. */
struct secret {
	char *bytes;
	size_t len;
};

/*
 * All of the file or variable, without the CRs and LFs at its end. False adds to `why`: not there,
 * unreadable, no regular file, too long, nothing in it. What was read is never part of a complaint.
 */
bool secret_read(struct secret *out, const struct secret_source *from, struct err_list *why);
/* Overwrites the bytes before they are freed. */
void secret_fini(struct secret *secret);

struct secret_set;

/*
 * One secret a line, of all the sources; blank lines and those that begin with '#' are none. NULL
 * adds to `why`. With `separator` not 0, each has to hold one ("user:password"). Keeps no secret,
 * only what it takes to know one again.
 */
struct secret_set *secret_set_new(
	const struct secret_source *from, size_t count, char separator, struct err_list *why);
/* Takes as long whether, where and from which byte on the secrets differ. */
bool secret_set_has(const struct secret_set *set, struct span given);
void secret_set_free(struct secret_set *set);

#endif
