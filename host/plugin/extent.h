/*
 * The addresses that a loaded file takes. Called by image.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_EXTENT_H
#define SOCKLET_PLUGIN_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

struct extent {
	uintptr_t low, high; /* low: where address 0 of the file is, as addr2line wants it */
};

/* The file that was opened by this path; false when none is. */
bool extent_find(struct extent *out, const char *path);
/* Whether the address lies in any file that is loaded. */
bool extent_is_mapped(uintptr_t address);

#endif
