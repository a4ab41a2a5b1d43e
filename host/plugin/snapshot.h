/*
 * A file's bytes, whole, while nobody writes it. Knows nothing of what they mean; image.c decides
 * with it what to open. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_SNAPSHOT_H
#define SOCKLET_PLUGIN_SNAPSHOT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Reads `path` into *out (zeroed before, buf_fini after, also on failure). A file that somebody is
 * writing is tried again for two seconds at most. False fills `why`: missing, not a file, empty,
 * implausibly large, still being written.
 */
bool snapshot_read(struct buf *out, const char *path, struct err *why);
/* Whether the file holds exactly these bytes now. */
bool snapshot_is_same(const char *path, const struct buf *bytes);

#endif
