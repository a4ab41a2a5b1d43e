/*
 * An HTTP/1.1 request head, decoded strictly (RFC 9112 sections 2 to 6, RFC 9110 section 5).
 * Spans point into the caller's input. Pure; called by net/ (first bytes of a connection) and by
 * call/ (the kept copy of a request). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_HEAD_H
#define SOCKLET_WIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "wire/wire.h"

enum {
	HTTP_TARGET_MAX = 8192, /* bytes of a request target, beyond it 414 */
	HTTP_HEAD_MAX = 32768,  /* bytes of a whole head, beyond it 431 */
	HTTP_HEADERS_MAX = 100, /* header lines, beyond it 431 */
	HTTP_METHOD_MAX = 32,   /* bytes of a method, beyond it 501 */
};

/* The first three may be other ones than those above; header_bytes is of a single line, 431. */
struct http_limits {
	size_t target_bytes, head_bytes;
	unsigned headers; /* at most HTTP_HEADERS_MAX */
	size_t header_bytes;
};

/* Those above, and those of heads that were let in before. */
extern const struct http_limits http_limits_default, http_limits_none;

struct http_header {
	struct span name, value; /* value without blanks around it */
};

struct http_head {
	struct span method, target;
	/*
	 * Of the target, still percent-encoded. Starts with '/'; "*" only for OPTIONS; a literal
	 * "/" where an absolute target has no path.
	 */
	struct span path;
	struct span query; /* behind the '?', still encoded; ptr NULL when there is no '?' */
	unsigned minor;    /* HTTP/1.<minor>: 0 or 1 */
	/*
	 * "example.org:8000": of an absolute target, which counts before the Host header (RFC 9112
	 * section 3.2.2); ptr NULL in HTTP/1.0 without either.
	 */
	struct span host;
	size_t length; /* bytes of the head, blank line included */
	size_t header_count;
	struct http_header headers[HTTP_HEADERS_MAX];
	/* What the framing headers together mean: */
	bool keep_alive; /* the connection may serve another request */
	bool has_body;   /* Content-Length over 0, or chunked */
	bool is_chunked;
	uint64_t content_length; /* 0 when absent */
	bool expects_continue;   /* Expect: 100-continue */
	bool is_upgrade;         /* Connection has "upgrade" and Upgrade has "websocket" */
};

/* How far the search for the end of the head got; zero it for each request. */
struct http_progress {
	const struct http_limits *limits; /* NULL: http_limits_default */
	size_t scanned;                   /* bytes that were looked at and are fine */
	size_t line;                      /* where the line being read starts */
	unsigned lines;                   /* whole lines so far, that of the request included */
};

/*
 * Decodes the head at the start of `input`, which from call to call only grows (it may move).
 * WIRE_MORE costs only a look at the new bytes, so a head that comes byte by byte costs O(n);
 * `head` is then scratch and need not be kept. WIRE_BAD fills `why` with the code that names the
 * status to answer: 400, 414, 417, 431, 501 (method too long or CONNECT, unknown transfer coding),
 * 505. A byte that no head may hold, and a wrong request line, are BAD before the head is whole.
 */
enum wire http_head_decode(
	struct http_head *head, struct http_progress *progress, struct span input, struct err *why);

/* The value of the n-th header of that name (any case), counting from 0; ptr NULL when absent. */
struct span http_header_get(const struct http_head *head, struct span name, size_t n);
/*
 * Whether a comma-separated list header holds the token (any case), over all lines of that name.
 */
bool http_header_has_token(const struct http_head *head, struct span name, struct span token);

/* "Not Found" for 404; "Unknown" for a status without a registered phrase. */
const char *http_status_phrase(unsigned status);
/* RFC 9110 section 5.6.2 token: method and header names. */
bool http_is_token(struct span s);

#endif
