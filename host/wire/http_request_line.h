/*
 * The first line of a request: method, target in its four forms, version (RFC 9112 section 3).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_REQUEST_LINE_H
#define SOCKLET_WIRE_HTTP_REQUEST_LINE_H

#include "wire/http_head.h"

/* Fills method, target, path, query and minor from a line without its CRLF. */
bool http_request_line_parse(struct http_head *head, struct span line,
	const struct http_limits *limits, struct err *why);
/*
 * Whether a line whose end has not come yet may still become a request line: so that a target
 * without end, or a peer that speaks another protocol, is answered before the time-out.
 */
bool http_request_line_begins(struct span part, const struct http_limits *limits, struct err *why);

#endif
