/*
 * Sec-WebSocket-Extensions, of which permessage-deflate (RFC 7692) is the one we know: whether the
 * header is well-formed, and what is agreed on. Pure; ws_key.c and call/ ask.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_EXTENSION_H
#define SOCKLET_WIRE_WS_EXTENSION_H

#include "base/buf.h"
#include "wire/http_head.h"

enum { WS_WINDOW_BITS_MIN = 8, WS_WINDOW_BITS_MAX = 15 };

/* What a route allows, or what is agreed on with one peer. */
struct ws_compression {
	bool is_enabled;
	bool server_context, client_context; /* whether a message may refer to those before it */
	uint8_t server_bits, client_bits;    /* of the windows: 2 to their power bytes */
	uint8_t level;                       /* zlib's, 1 to 9 */
	uint64_t least_bytes;                /* of a message that we compress */
	uint64_t memory_bytes;               /* that the contexts of one connection may take */
};

/*
 * Whether all lines of the header are as RFC 6455 section 9.1 has it, which wants the handshake
 * failed if not: false fills `why` with ERR_BAD_REQUEST. True without such a line. Empty items
 * between commas do not count, but one item there must be; names compare with their case.
 */
bool ws_extension_check(const struct http_head *head, struct err *why);
/*
 * Takes the first offer of permessage-deflate that can be taken, of a header that was checked:
 * one with an unknown parameter, one twice, or a value that is none is declined. True fills
 * *agreed and appends the value of the answer's header to `answer`. Contexts that would take more
 * than memory_bytes are not kept, that of the client first.
 */
bool ws_extension_negotiate(const struct http_head *head, const struct ws_compression *allowed,
	struct ws_compression *agreed, struct buf *answer);

#endif
