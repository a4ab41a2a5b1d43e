/*
 * The descriptor at the door: what a plugin says of itself is checked once, all mismatches named,
 * and copied into a struct of our own size, so that the rest of the host never tests a size again.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_CHECK_H
#define SOCKLET_PLUGIN_CHECK_H

#include <stdbool.h>

#include <socklet.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * Copies *raw, min(size, ours), with its field tables made dense, into *out (tables are the
 * arena's). False adds to `why`, at `place`, every mismatch with both values: magic, major, newer
 * minor, size, name unlike the file's, neither connect nor message, an unknown field type,
 * a field outside its struct, misaligned, twice, a table without rows, unknown flags, ….
 */
bool check_plugin(struct sl_plugin_info *out, const struct sl_plugin_info *raw,
	const char *file_name, struct place place, struct arena *arena, struct err_list *why);

#endif
