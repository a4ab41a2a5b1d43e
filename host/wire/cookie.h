/*
 * Cookie header to pairs, as FastAPI's stack reads it (RFC 6265 section 5.4, quotes undone).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_COOKIE_H
#define SOCKLET_WIRE_COOKIE_H

#include "wire/http_head.h"
#include "wire/url.h"

/* All cookies of all Cookie lines, in order. Array and unquoted copies are the arena's. */
struct pair *cookie_decode(const struct http_head *head, struct arena *arena, size_t *count);

#endif
