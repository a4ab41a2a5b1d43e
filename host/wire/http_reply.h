/*
 * The head of an HTTP answer, going out: status line, Date, Server, headers and Content-Length
 * (RFC 9112 section 4), and the 101 that ends HTTP (RFC 6455 section 4.2.2). Pure; net/ calls it
 * for every answer. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_HTTP_REPLY_H
#define SOCKLET_WIRE_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/span.h"

/* The text of a Date header, made anew once a second. Zero it. */
struct http_date {
	time_t second;
	char text[32]; /* "Sun, 06 Nov 1994 08:49:37 GMT"; "" before the first use */
};

/* Valid until the next call. */
const char *http_date_text(struct http_date *date, time_t now);

/* How the peer finds the end of the body. */
enum http_reply_framing {
	HTTP_BY_LENGTH,
	HTTP_BY_CHUNKS,
	HTTP_BY_CLOSING, /* of the connection */
};

/* What all answers say, whatever they are about. */
struct http_style {
	const char *server; /* NULL: no Server line */
	bool has_date;
	struct span headers; /* further lines; those that an answer has itself are left out */
};

struct http_reply {
	unsigned status;
	const char *date;         /* of http_date_text */
	const char *content_type; /* NULL: none */
	struct span headers;      /* further lines, each ending in CRLF */
	uint64_t content_length;  /* left out where http_reply_has_body says no */
	const char *connection;   /* "close", "keep-alive"; NULL: what HTTP/1.1 takes for granted */
	const struct http_style *style; /* NULL: "socklet", a date and nothing else */
	enum http_reply_framing framing;
};

/* Whether an answer of that status may have a body at all (RFC 9110 section 6.4.1). */
bool http_reply_has_body(unsigned status);
/* Appends the head, blank line included. */
void http_reply_encode(struct buf *out, const struct http_reply *reply);

struct http_upgrade {
	const char *date;
	const char *accept;             /* Sec-WebSocket-Accept, as of ws_accept_key */
	const char *subprotocol;        /* NULL: none */
	struct span headers;            /* further lines, each ending in CRLF */
	const struct http_style *style; /* as of a reply */
};

/* Whether the host itself says this in an answer, or by it where the answer ends (any case). */
bool http_reply_is_own_header(struct span name);
/* Whether one of the lines has that name. */
bool http_reply_has_line(struct span lines, struct span name);
/* Without characters that would end the line or are no text. */
bool http_reply_is_value(struct span value);

/* Appends the whole 101. */
void http_upgrade_encode(struct buf *out, const struct http_upgrade *upgrade);

#endif
