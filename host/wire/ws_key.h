/*
 * The opening handshake's checks and its answer's key (RFC 6455 sections 4.2.1, 4.2.2).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_KEY_H
#define SOCKLET_WIRE_WS_KEY_H

#include "wire/http_head.h"

enum { WS_ACCEPT_SIZE = 29 }; /* 28 characters of base64 and a NUL */

/*
 * Checks method GET, HTTP/1.1, version 13, a key of 16 base64-coded bytes, and the form of the
 * extensions. False fills `why`:
 * ERR_METHOD_NOT_ALLOWED, ERR_BAD_REQUEST, or ERR_UPGRADE_REQUIRED for a wrong version (the
 * answer then carries Sec-WebSocket-Version: 13). Call only when head->is_upgrade.
 */
bool ws_handshake_check(const struct http_head *head, struct err *why);

/*
 * SHA-1 as OpenSSL has found it, which takes as long as the digest of a key: one a worker. Without
 * it, or without memory, the process ends.
 */
struct evp_md_ctx_st *ws_accept_new(void);
void ws_accept_free(struct evp_md_ctx_st *sha1);
/* Sec-WebSocket-Accept for a checked key. */
void ws_accept_key(struct evp_md_ctx_st *sha1, struct span key, char out[WS_ACCEPT_SIZE]);

/*
 * Goes over the offered subprotocols of all Sec-WebSocket-Protocol lines, in one pass: a head has
 * room for thousands. Begin with the head, all else zero.
 */
struct ws_offers {
	const struct http_head *head;
	size_t next_header;
	struct span rest; /* of the current line */
};

/* The next one; ptr NULL behind the last. */
struct span ws_offers_next(struct ws_offers *offers);

#endif
