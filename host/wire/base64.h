/*
 * Base64 to bytes, strictly: one text for each run of bytes, so that no two spellings of a
 * credential pass. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_BASE64_H
#define SOCKLET_WIRE_BASE64_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * RFC 4648 section 4: '+', '/', padded with '='. False for anything else: blanks, a letter of the
 * other alphabet, padding that is missing, unused bits that are not 0. The bytes are the arena's,
 * with a NUL behind them.
 */
bool base64_decode(struct span text, struct arena *arena, struct span *out);
/* RFC 7515 section 2 (base64url): '-', '_', never padded. */
bool base64_decode_url(struct span text, struct arena *arena, struct span *out);
/* RFC 4648 section 4, padded; appended. */
void base64_encode(struct buf *out, struct span bytes);

#endif
