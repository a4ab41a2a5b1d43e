/*
 * What the headers that frame a request mean together: Host, Content-Length, Transfer-Encoding,
 * Connection, Upgrade, Expect. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_FRAMING_H
#define SOCKLET_WIRE_HTTP_FRAMING_H

#include "wire/http_head.h"

/* Fills keep_alive and the members below it from head->minor and head->headers. */
bool http_framing_check(struct http_head *head, struct err *why);
/* Whether it is a host name or bracketed address with an optional port, and nothing more. */
bool http_host_valid(struct span host);

#endif
