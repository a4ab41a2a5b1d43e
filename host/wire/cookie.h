/*
 * Cookie header to pairs, as FastAPI's stack reads it: parts between ';', blanks around names and
 * values off, a part without '=' is a value without a name, quotes and their backslashes undone.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_COOKIE_H
#define SOCKLET_WIRE_COOKIE_H

#include "wire/http_head.h"
#include "wire/url.h"

/*
 * All cookies of all Cookie lines, in order; of several with one name the last counts. Bytes above
 * 0x7f are Latin-1 characters, as everywhere in HTTP headers, and come out as UTF-8, so that names
 * and values are always valid UTF-8. The array and decoded copies are the arena's, the rest is
 * borrowed. No bound of its own: a pair takes two bytes of the head (";a"), whose size has one
 * (HTTP_HEAD_MAX: at most 16,384 pairs). NULL: there is none.
 */
struct pair *cookie_decode(const struct http_head *head, struct arena *arena, size_t *count);

#endif
