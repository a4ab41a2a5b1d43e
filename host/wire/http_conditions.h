/*
 * Conditional requests: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range
 * (RFC 9110 section 13). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_CONDITIONS_H
#define SOCKLET_WIRE_HTTP_CONDITIONS_H

#include <time.h>

#include "wire/http_head.h"

/* Of what would be sent. */
struct http_validators {
	struct span etag; /* "\"abc\"", weak with its W/ */
	time_t modified;
};

enum http_condition {
	HTTP_CONDITION_HOLDS,
	HTTP_CONDITION_NOT_MODIFIED, /* 304 */
	HTTP_CONDITION_FAILS,        /* 412 */
};

/* Of a GET or HEAD. */
enum http_condition http_conditions_check(
	const struct http_head *head, const struct http_validators *now);
/* Whether a Range is to be kept to: no If-Range, or one that fits what would be sent. */
bool http_conditions_may_range(const struct http_head *head, const struct http_validators *now);

/* Any of the three forms of RFC 9110 section 5.6.7; false for everything else. */
bool http_conditions_parse_date(struct span text, time_t *out);

#endif
