/*
 * Private copies of plugins, under names never used twice, in a folder of ours. Counted: who made
 * one holds it, and a process that has it loaded holds a lock on the file. Knows no loader.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_COPY_H
#define SOCKLET_PLUGIN_COPY_H

#include "base/buf.h"
#include "base/err.h"

struct copy;
struct copy_store; /* the folder and the copies in it */

/*
 * Makes a folder of our own (below $XDG_RUNTIME_DIR, $TMPDIR or /tmp: the first that allows
 * mapping code), and removes those that dead hosts left. NULL fills `why`.
 */
struct copy_store *copy_store_open(struct err *why);
/* All copies must be unreferenced. Removes the folder. */
void copy_store_close(struct copy_store *store);
/* Processes of that group may read the copies, those that are made from now on. False fills `why`.
 */
bool copy_store_share(struct copy_store *store, unsigned group, struct err *why);
/* Removes what nobody held when it was given back, but somebody had still loaded. */
void copy_store_sweep(struct copy_store *store);

/*
 * The copy of these bytes of the file `path`, and of its private libraries, with one more
 * reference: the newest of that name when it holds them all already, else a fresh one. NULL fills
 * `why`: not a whole ELF shared object for this machine, one of the traps that would break a later
 * reload, no room.
 */
struct copy *copy_take(struct copy_store *store, const char *name, const char *path,
	const struct buf *bytes, struct err *why);
struct copy *copy_ref(struct copy *copy);
/* The last one removes the file, at once or, while it is locked, at a later sweep. */
void copy_unref(struct copy *copy);
const char *copy_name(const struct copy *copy);
const char *copy_path(const struct copy *copy);
/* Counts up with each fresh copy of that name, from 1. */
unsigned copy_version(const struct copy *copy);

/* The sign that a copy is loaded: a descriptor to close when it no longer is, or -1. */
int copy_lock(const char *path);

#endif
