/*
 * What a client would rather have: the weights of Accept-Encoding (RFC 9110 section 12.5.3).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_ACCEPT_H
#define SOCKLET_WIRE_HTTP_ACCEPT_H

#include "wire/http_head.h"

/*
 * The weight in thousandths that Accept-Encoding gives to a coding, by its name or else by "*"; 0
 * is not at all. "identity" that is not named, or not to be had, gets 1: it is what there is.
 */
unsigned http_accept_coding(const struct http_head *head, struct span coding);

#endif
