/*
 * The made-up request of `socklet explain`: the bytes that a client would send.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_EXPLAIN_HEAD_H
#define SOCKLET_CALL_EXPLAIN_HEAD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends the head of a WebSocket handshake for `url` ("/ws?q=1", "ws://host:8000/ws?q=1") with the
 * lines "Name: value" of `headers`, or of a plain request with a `method`; one that names a header
 * of the handshake replaces it. What is wrong as HTTP is taken all the same: the answer to it is
 * what the author wants to see. False when url, method or headers are not such texts at all.
 */
bool explain_head(struct buf *out, const char *url, const char *method, const char *const *headers,
	size_t header_count, struct err *why);

#endif
