/*
 * A pattern of a text: PCRE2, compiled once, matched within limits. The only user of PCRE2.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_REGEX_H
#define SOCKLET_WIRE_REGEX_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct regex;

enum regex_result {
	REGEX_MATCHES,
	REGEX_DIFFERS,
	REGEX_EXHAUSTED, /* a limit was reached: nobody knows */
};

/* NULL fills `why` with PCRE2's text and the byte it was found at. */
struct regex *regex_new(const char *pattern, struct err *why);
/* Searches, so that only ^ and $ tie it to the ends. Bytes that are no UTF-8 match nothing. */
enum regex_result regex_match(const struct regex *regex, struct span text);
/*
 * Whether the pattern gives up on a text that a peer could well send: tries it on texts made of its
 * own characters that nearly match, for at most some milliseconds each.
 */
bool regex_is_slow(const char *pattern);
void regex_free(struct regex *regex);

#endif
