/*
 * Allocation that ends the process when memory is out: for sizes we chose ourselves. A size that
 * a peer chose is compared with its limit first. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_XALLOC_H
#define SOCKLET_BASE_XALLOC_H

#include <stddef.h>
#include <stdlib.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);

#endif
