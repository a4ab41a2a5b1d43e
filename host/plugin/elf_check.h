/*
 * Whether bytes are a whole ELF shared object for this machine, and free of the traps that make
 * a later reload run old data or fail. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_ELF_CHECK_H
#define SOCKLET_PLUGIN_ELF_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/* False fills `why`, which starts with `file` and ends in what its author has to do. */
bool elf_check(const char *file, struct span bytes, struct err *why);
/* What a file that elf_check let pass says to the loader. The texts are in `bytes`. */
struct elf_names {
	const char *soname;  /* NULL: none */
	const char *runpath; /* folders of needed libraries, with ':' between; NULL: none */
	const char *needed[32];
	unsigned needed_count;
};

void elf_names_read(struct elf_names *out, struct span bytes);
/*
 * Whether a file that elf_check let pass calls nothing that would call it back after it is
 * unloaded. False fills `why` with what that is and what to do instead.
 */
bool elf_may_unload(struct span bytes, struct err *why);

#endif
