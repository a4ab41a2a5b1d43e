/*
 * Messages in and out of permessage-deflate (RFC 7692 section 7.2), by zlib. A connection whose
 * sides keep no context has no zlib state: its worker's is lent for each message. One that keeps
 * them has its own from the first message on that needs it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_DEFLATE_H
#define SOCKLET_WIRE_WS_DEFLATE_H

#include "wire/ws_extension.h"
#include "wire/ws_message.h"

struct z_stream_s;

enum { WS_DEFLATERS = WS_WINDOW_BITS_MAX - WS_WINDOW_BITS_MIN + 1 };

/* What all connections of a worker share. Zero it; all is made when first needed. */
struct ws_deflate_shared {
	struct z_stream_s *inflater;
	struct z_stream_s *deflaters[WS_DEFLATERS]; /* by window bits */
	struct buf inflated, deflated;              /* what was handed out last */
};

/* Of one connection. */
struct ws_deflate {
	struct ws_compression agreed;
	struct ws_deflate_shared *shared;
	struct z_stream_s *inflater, *deflater; /* NULL: nothing is remembered */
	bool is_stale; /* the peer has got a message that our deflater does not know */
};

void ws_deflate_shared_fini(struct ws_deflate_shared *shared);
/* Lets go of the memory that a long message took. Nothing that was handed out may be in use. */
void ws_deflate_shared_trim(struct ws_deflate_shared *shared);

/* `agreed` is copied. */
struct ws_deflate *ws_deflate_new(
	struct ws_deflate_shared *shared, const struct ws_compression *agreed);
void ws_deflate_free(struct ws_deflate *deflate);
/* The most that the contexts of one connection take, in bytes. */
uint64_t ws_deflate_memory(const struct ws_compression *agreed);

/*
 * Inflates a message that ws_decode gave with is_compressed, and checks that a text is UTF-8. Its
 * payload is then valid until the next call for any connection of the worker. Stops as soon as it
 * has more than `limit` bytes, which is then all the memory it has taken.
 *
 * False, and the connection is to be closed: ERR_WS_PROTOCOL (1002) "decompression failed";
 * ERR_WS_INVALID_PAYLOAD (1007) ""; ERR_TOO_LARGE (1009) "message with N compressed bytes inflates
 * beyond limit of M bytes".
 */
bool ws_deflate_inflate(
	struct ws_deflate *deflate, struct ws_message *message, size_t limit, struct err *why);
/*
 * Compresses what we send, if it is worth it: *payload is then valid until the next call for any
 * connection of the worker, and leaves in a frame with WS_COMPRESSED. False: send it as it is.
 */
bool ws_deflate_compress(struct ws_deflate *deflate, struct span *payload);
/*
 * The same without any connection, so that one frame can go to many: it refers to nothing before
 * it, and needs a window of `bits` at its receiver. Each connection is told with ws_deflate_skip.
 */
bool ws_deflate_once(
	struct ws_deflate_shared *shared, unsigned bits, unsigned level, struct span *payload);
/*
 * The peer is sent a compressed message that ws_deflate_compress has not made. It enters the
 * peer's window and not our deflater's, whose distances would be wrong from there on: the next
 * message begins without a context, as if it were the first.
 */
void ws_deflate_skip(struct ws_deflate *deflate);

#endif
