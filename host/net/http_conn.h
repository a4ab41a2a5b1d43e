/*
 * A connection speaking HTTP/1.1: heads in, answers out, one request after the other, until one
 * becomes a WebSocket or the connection ends. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_HTTP_CONN_H
#define SOCKLET_NET_HTTP_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "call/transport.h"
#include "net/http_exchange.h"
#include "net/http_file.h"
#include "wire/http_body.h"
#include "wire/http_head.h"

struct conn;
struct conn_set;

enum {
	HTTP_STASH_MAX = 65536, /* bytes behind a request that is not answered yet */
	HTTP_LINGER_MS = 2000,
	HTTP_SPARES_MAX = 256, /* states kept for the next connections */
};

enum http_stage {
	HTTP_READING,   /* the head of the next request, or the body of the last */
	HTTP_BODY,      /* the plugin waits for it */
	HTTP_ASKED,     /* the plugin: its answer comes later */
	HTTP_STREAMING, /* the plugin's answer comes in pieces */
	HTTP_ANSWERED,  /* the answer is leaving */
};

/* What a request's head says of its body. */
struct http_framing {
	bool is_chunked, expects_continue;
	uint64_t content_length;
};

struct http_state {
	struct http_progress progress;
	uint64_t since_ms; /* this head or body began, the plugin was asked, or it has answered */
	uint64_t patience_ms; /* from then on */
	uint64_t body_left;   /* that nobody reads */
	uint64_t unsent;      /* bytes left when last looked at; STREAMING: those that had gone */
	struct http_framing framing;
	struct http_body body; /* BODY: */
	struct buf collected;
	uint64_t queue_bytes, written; /* STREAMING: the most that waits, what was queued so far */
	struct http_file file;
	union {
		TAILQ_ENTRY(conn) waiting;     /* of conn_set, while stage is HTTP_READING */
		struct http_state *next_spare; /* of conn_set, too */
	};
	enum http_stage stage;
	bool closes;   /* behind the answer */
	bool is_last;  /* would close also if the body were read */
	bool is_old;   /* HTTP/1.0 */
	bool is_head;  /* the answer has no body */
	bool has_body; /* STREAMING: the answer's status may have one, too */
};

extern const struct conn_protocol http_conn_protocol;

void http_conn_begin(struct conn *conn);
/* No connection is left. */
void http_conn_free_spares(struct conn_set *set);
/* The one that waits longest for its peer's request and is counted; NULL: none does. */
struct conn *http_conn_oldest(const struct conn_set *set);
/* Between two requests, or before the first. */
bool http_conn_is_idle(const struct conn *conn);

/* For http_exchange.c: whether it speaks HTTP and is alive; the steps that it takes, too. */
bool http_conn_is(const struct conn *conn);
void http_conn_refuse(struct conn *conn, const struct err *why);
/* Whether any of the answer's body is sent. */
bool http_conn_has_body(const struct conn *conn, const struct reply *reply);
/* The head of an answer in pieces. */
void http_conn_put_head(struct conn *conn, const struct reply *reply);
void http_conn_answered(struct conn *conn);

/* Of struct transport_ops. */
void http_conn_reply(struct transport *transport, struct reply *reply);
void http_conn_upgrade(struct transport *transport, const struct upgrade *upgrade);

#endif
