/*
 * The Range header of a GET (RFC 9110 section 14). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_RANGE_H
#define SOCKLET_WIRE_HTTP_RANGE_H

#include <stdint.h>

#include "wire/http_head.h"

enum http_range {
	HTTP_RANGE_WHOLE, /* none is asked for, or none that is to be kept to */
	HTTP_RANGE_PART,
	HTTP_RANGE_OUTSIDE, /* 416: nothing of it is there */
};

/* Of a body of `size` bytes; sets first and len for PART alone; len is then at least 1. */
enum http_range http_range_find(
	const struct http_head *head, uint64_t size, uint64_t *first, uint64_t *len);

#endif
