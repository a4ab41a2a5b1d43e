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
#include "net/http_file.h"
#include "wire/http_head.h"

struct conn;
struct conn_set;

enum {
	HTTP_BODY_MAX = 65536,  /* bytes of a body that nobody reads; a longer one ends it */
	HTTP_STASH_MAX = 65536, /* bytes behind a request that is not answered yet */
	HTTP_LINGER_MS = 2000,
};

enum http_stage {
	HTTP_READING,  /* the head of the next request, or the body of the last */
	HTTP_ASKED,    /* the plugin: its answer comes later */
	HTTP_ANSWERED, /* the answer is leaving */
};

struct http_state {
	struct http_progress progress;
	uint64_t since_ms; /* this head began, or the last answer was given */
	uint64_t body_left;
	uint64_t unsent; /* bytes left when last looked at */
	struct http_file file;
	TAILQ_ENTRY(conn) waiting; /* of conn_set, while stage is HTTP_READING */
	enum http_stage stage;
	bool closes;  /* behind the answer */
	bool is_old;  /* HTTP/1.0 */
	bool is_head; /* the answer has no body */
};

void http_conn_begin(struct conn *conn);
/* The one that waits longest for its peer's request and is counted; NULL: none does. */
struct conn *http_conn_oldest(const struct conn_set *set);
/* Between two requests, or before the first. */
bool http_conn_is_idle(const struct conn *conn);

/* Of struct transport_ops. */
void http_conn_reply(struct transport *transport, struct reply *reply);
void http_conn_upgrade(struct transport *transport, const struct upgrade *upgrade);

#endif
