/*
 * A file's bytes, whole, while nobody writes it. Knows nothing of what they mean; image.c decides
 * with it what to open. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_SNAPSHOT_H
#define SOCKLET_PLUGIN_SNAPSHOT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum snapshot {
	SNAPSHOT_DONE,
	SNAPSHOT_BUSY, /* somebody is writing it: try again a moment later */
	SNAPSHOT_BAD,  /* missing, not a file, empty, implausibly large */
};

/* For whoever tries again: how often, and for how long. */
enum { SNAPSHOT_NAP_MS = 20, SNAPSHOT_WAIT_MS = 2000 };

/*
 * Reads `path` into *out (zeroed before, buf_fini after, also on failure). Fills `why` unless it
 * is done.
 */
enum snapshot snapshot_try(struct buf *out, const char *path, struct err *why);
/* The same, trying again for SNAPSHOT_WAIT_MS. False fills `why`. */
bool snapshot_read(struct buf *out, const char *path, struct err *why);
/* Whether the file holds exactly these bytes now. */
bool snapshot_is_same(const char *path, const struct buf *bytes);

#endif
