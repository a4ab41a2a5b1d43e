/*
 * Asks the loader, which tells the segments of every file it has. SPDX-License-Identifier: MIT
 */
#include "plugin/extent.h"

#include <link.h>
#include <string.h>

struct search {
	const char *path;
	struct extent *out;
};

static int look(struct dl_phdr_info *info, size_t size, void *context)
{
	const struct search *search = context;

	(void)size;
	if (strcmp(info->dlpi_name, search->path) != 0)
		return 0;
	*search->out = (struct extent){info->dlpi_addr, info->dlpi_addr};
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && end > search->out->high)
			search->out->high = end;
	}
	return 1;
}

bool extent_find(struct extent *out, const char *path)
{
	struct search search = {path, out};

	return dl_iterate_phdr(look, &search) != 0;
}

static int look_for_address(struct dl_phdr_info *info, size_t size, void *context)
{
	const uintptr_t *address = context;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && *address >= start &&
			*address - start < segment->p_memsz)
			return 1;
	}
	return 0;
}

bool extent_is_mapped(uintptr_t address)
{
	return dl_iterate_phdr(look_for_address, &address) != 0;
}
