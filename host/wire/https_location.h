/*
 * Where a request that came without TLS is sent to: the same place, with it. Pure.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTPS_LOCATION_H
#define SOCKLET_WIRE_HTTPS_LOCATION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/http_head.h"

/*
 * Appends "https://", the host that the request is for, ":<port>" unless it is 443, path and query
 * as they came. False fills `why`: the request names no host, or none that is one.
 */
bool https_location_append(
	struct buf *out, const struct http_head *head, unsigned port, struct err *why);

#endif
