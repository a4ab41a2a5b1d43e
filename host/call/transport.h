/*
 * What a connection offers upward: the interface that call/ declares and net/ implements, so that
 * a whole request runs in a unit test over a transport in memory. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TRANSPORT_H
#define SOCKLET_CALL_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "wire/http_reply.h"
#include "wire/ws_extension.h"
#include "wire/ws_shared.h"

struct transport;
struct sl_conn;

/* A whole HTTP answer. Zero it; fd -1 when there is no file. */
struct reply {
	unsigned status;
	const char *content_type; /* NULL: none */
	struct buf headers;       /* further header lines, each ending in CRLF */
	struct span body;
	int fd; /* instead of body: a file to send, taken by reply(); else -1 */
	uint64_t fd_offset, fd_bytes; /* which part of it */
	bool close;                   /* end the connection behind it */
};

/* What a route allows its connections. */
struct transport_limits {
	uint64_t message_bytes, queue_bytes;
	uint64_t idle_ms, close_ms;                 /* idle 0: never */
	uint64_t ping_interval_ms, ping_timeout_ms; /* interval 0: never */
};

/* The answer that turns HTTP into frames. */
struct upgrade {
	struct span key;         /* Sec-WebSocket-Key as it came */
	const char *subprotocol; /* NULL: none */
	struct span headers;     /* further header lines, each ending in CRLF */
	struct transport_limits limits;
	const struct ws_compression *compression; /* agreed on, to be copied; NULL: none is */
};

/* None of these calls back into call/: what they find out is told at the end of the loop's turn. */
struct transport_ops {
	/* Answers the request that was dispatched, without the body if it was HEAD. Copies all
	 * but fd. */
	void (*reply)(struct transport *transport, struct reply *reply);
	/* 101; messages then go to session_message. */
	void (*upgrade)(struct transport *transport, const struct upgrade *upgrade);
	/* Queues one whole message, copied. False: it would pass queue_bytes; nothing was queued.
	 */
	bool (*send)(struct transport *transport, enum ws_opcode opcode, struct span payload);
	/* The same for a message of many: takes a reference instead of a copy. */
	bool (*send_shared)(struct transport *transport, struct ws_shared *shared);
	/*
	 * Queues a close frame (code 0: without code) behind what is queued, then finishes the
	 * closing handshake alone. The session must not be used by the transport any more.
	 */
	void (*close)(struct transport *transport, unsigned code, struct span reason);
	size_t (*queued)(const struct transport *transport);
	void (*set_paused)(struct transport *transport, bool paused);
	/* True, inside session_message: hands over no further message, and keeps what has come. */
	void (*set_held)(struct transport *transport, bool held);
	/* False while a message has begun and is not whole: nothing was changed. */
	bool (*set_limits)(struct transport *transport, const struct transport_limits *limits);
	/* Sets transport->peer to a copy; an empty text: back to who is connected. */
	void (*set_peer)(struct transport *transport, struct span peer);
};

/* The answer to the last request, for the log. */
struct answer {
	unsigned status; /* 0: none was given yet, or 101 */
	uint64_t bytes;  /* of its body */
};

struct transport {
	const struct transport_ops *ops;
	struct sl_conn *session; /* NULL before one exists and after its end; set by session.c */
	struct answer answer;    /* set by ops->reply */
	const char *peer;        /* "127.0.0.1:53124"; or for whom a trusted proxy speaks */
	/* How answers to the present request look; NULL: as the serving generation says. */
	const struct http_style *style;
	bool is_secure; /* the peer's bytes are encrypted, if only on their way to the proxy */
	bool hop_is_secure, is_forwarded; /* client.c's: is_secure of the hop; peer is not it */
};

#endif
