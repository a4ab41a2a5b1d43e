/*
 * Numbers and texts as bytes for another process of ours, on the same machine and of the same
 * build. What is unpacked is borrowed from the bytes. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_PACK_H
#define SOCKLET_DAEMON_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

void pack_number(struct buf *out, uint64_t number);
void pack_span(struct buf *out, struct span text);
void pack_text(struct buf *out, const char *text);
void pack_complaints(struct buf *out, const struct err_list *why);

/* Each takes what it reads off *in. False when there is too little, which leaves zeros. */
bool pack_take_number(struct span *in, uint64_t *out);
bool pack_take_span(struct span *in, struct span *out);
/* A copy with a NUL behind it, the arena's; NULL when there is too little. */
const char *pack_take_text(struct span *in, struct arena *arena);
/* Adds them to `why`. */
bool pack_take_complaints(struct span *in, struct err_list *why);

#endif
