/*
 * The opening handshake's checks and its answer's key (RFC 6455 sections 4.2.1, 4.2.2).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_KEY_H
#define SOCKLET_WIRE_WS_KEY_H

#include "wire/http_head.h"

enum { WS_ACCEPT_SIZE = 29 }; /* 28 characters of base64 and a NUL */

/*
 * Checks method GET, HTTP/1.1, version 13, and a key of 16 base64-coded bytes. False fills `why`:
 * ERR_METHOD_NOT_ALLOWED, ERR_BAD_REQUEST, or ERR_UPGRADE_REQUIRED for a wrong version (the
 * answer then carries Sec-WebSocket-Version: 13). Call only when head->is_upgrade.
 */
bool ws_handshake_check(const struct http_head *head, struct err *why);
/* Sec-WebSocket-Accept for a checked key. */
void ws_accept_key(struct span key, char out[WS_ACCEPT_SIZE]);
/* The n-th offered subprotocol over all Sec-WebSocket-Protocol lines; ptr NULL behind the last. */
struct span ws_subprotocol(const struct http_head *head, size_t n);

#endif
