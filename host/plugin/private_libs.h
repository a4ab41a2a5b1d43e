/*
 * Libraries that lie beside a plugin, in its folder or below, and that it finds by its run path
 * ($ORIGIN): they are copied with it and opened before it, so that the author's file of a library
 * may be overwritten, too. Called by
 * copy.c and image.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_PRIVATE_LIBS_H
#define SOCKLET_PLUGIN_PRIVATE_LIBS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "plugin/audit.h"

enum { PRIVATE_LIBS_MAX = 16 };

/* Zero it; then private_libs_close. */
struct private_libs {
	struct private_lib {
		void *handle;
		char *path; /* of the copy */
		int lock;   /* on the file that is loaded, which may be another plugin's copy */
	} items[PRIVATE_LIBS_MAX];
	unsigned count;
};

/*
 * Copies those that the plugin `file`, which holds `bytes`, needs, and those that these need; their
 * names are that of the plugin's copy and their own. False fills `why`: not whole, a trap of
 * elf_check, no soname.
 */
bool private_libs_copy(const char *copy, const char *file, struct span bytes, struct err *why);
/* Whether the files are now what was copied with that copy. */
bool private_libs_are_same(const char *copy, const char *file, struct span bytes);
/*
 * Opens those that were copied with that copy. False fills `why`: what the loader said, or that
 * another library of that name is in the process already.
 */
bool private_libs_open(struct private_libs *libs, const char *copy, struct err *why);
/* As audit_is_unused, for each of them. */
bool private_libs_are_unused(
	const struct private_libs *libs, const struct audit_threads *threads, struct err *why);
/* After the plugin; also after a failure. */
void private_libs_close(struct private_libs *libs);
/* Removes what was copied with that copy, but for what is loaded for another plugin, too. */
void private_libs_remove(const char *copy);

#endif
