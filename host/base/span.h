/*
 * Pointer and length into somebody else's bytes. Never needs a NUL, owns nothing.
 * Used wherever text comes from a peer or a file. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_SPAN_H
#define SOCKLET_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *ptr; /* may be NULL when len is 0 */
	size_t len;      /* bytes */
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

struct span span_of(const char *text);
struct span span_from(struct span s, size_t offset);
bool span_equal(struct span a, struct span b);
/* ASCII letters compare without case, all other bytes exactly. */
bool span_equal_nocase(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);
/* Without the blanks (SP, HTAB) at both ends: RFC 9110's OWS. */
struct span span_trim(struct span s);
/*
 * Cuts the part before the first `separator` off *rest and returns it; without one returns all
 * and leaves *rest empty with ptr NULL. Loop while rest.ptr is not NULL.
 */
struct span span_cut(struct span *rest, char separator);
/* Index of the first `c`, or s.len. */
size_t span_find(struct span s, char c);

#endif
