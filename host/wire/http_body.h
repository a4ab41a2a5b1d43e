/*
 * The body of a request as it comes: so many bytes, or chunks (RFC 9112 section 7.1). Strict: what
 * two readers could take for two different bodies is refused. Pure; called by net/ when somebody
 * reads the body. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_BODY_H
#define SOCKLET_WIRE_HTTP_BODY_H

#include "base/buf.h"
#include "wire/http_head.h"

enum {
	HTTP_CHUNK_LINE_MAX = 256, /* bytes of a line with a chunk's size, extensions included */
	HTTP_TRAILERS_MAX = 8192,  /* bytes of all trailers, which are dropped */
};

enum http_body_state {
	BODY_SIZE, /* digits of a chunk's size */
	BODY_EXTENSION,
	BODY_SIZE_LF,
	BODY_DATA,
	BODY_DATA_CR,
	BODY_DATA_LF,
	BODY_TRAILER_START, /* of a line */
	BODY_TRAILER,
	BODY_TRAILER_LF,
	BODY_LAST_LF,
	BODY_DONE,
};

struct http_body {
	enum http_body_state state;
	bool is_chunked;
	uint64_t left;  /* of the chunk, or of all */
	uint64_t limit; /* bytes of the whole body */
	uint64_t room;  /* of the limit, for chunks to come */
	unsigned bytes; /* of the line, or of the trailers */
};

/* Chunks, or a body of that length, which is within the limit. */
void http_body_init_chunked(struct http_body *body, uint64_t limit);
void http_body_init_length(struct http_body *body, uint64_t length, uint64_t limit);
/*
 * Takes what has come: *in advances past what was used, `out` grows by what of it is body. DONE:
 * it is whole, and what *in still holds is the next request's. MORE: all was used. BAD: why->code
 * is ERR_TOO_LARGE for a chunk that would pass the limit, before it comes, else ERR_BAD_REQUEST.
 */
enum wire http_body_decode(
	struct http_body *body, struct span *in, struct buf *out, struct err *why);

#endif
