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
#include "call/transport_limits.h"
#include "wire/http_reply.h"
#include "wire/peer_certificate.h"
#include "wire/ws_extension.h"
#include "wire/ws_joined.h"

struct transport;
struct admin_request;
struct sl_conn;

/* Bytes of a body that nobody reads: a longer one ends the connection. */
enum { TRANSPORT_SKIP_MAX = 65536 };

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
	/*
	 * Queues one whole message, copied, within queue_bytes and by the route's overflow. Key 0:
	 * none.
	 */
	enum sent (*send)(struct transport *transport, enum ws_opcode opcode, struct span payload,
		uint64_t key);
	/* The same for a message of many: takes a reference instead of a copy. */
	enum sent (*send_shared)(
		struct transport *transport, struct ws_shared *shared, uint64_t key);
	/* Several such messages in one piece. False: each is to be sent by itself. */
	bool (*send_joined)(struct transport *transport, struct ws_joined *joined);
	/*
	 * Queues a close frame (code 0: without code) behind what is queued, then finishes the
	 * closing handshake alone. The session must not be used by the transport any more.
	 */
	void (*close)(struct transport *transport, unsigned code, struct span reason);
	/* Bytes that wait. After SENT_FULL, session_drained comes when half of queue_bytes is free.
	 */
	size_t (*queued)(const struct transport *transport);
	void (*set_paused)(struct transport *transport, bool paused);
	/* True: hands over no further message, reads no more, and keeps what has come. */
	void (*set_held)(struct transport *transport, bool held);
	/*
	 * Of a plain request that a session was made for: how long each of these may take, the body
	 * to come, the answer to begin.
	 */
	void (*set_patience)(struct transport *transport, uint64_t ms);
	/* Hands the body over to exchange_body when it is whole; ends the session if it cannot. */
	void (*want_body)(struct transport *transport, uint64_t body_bytes);
	/* The head of an answer in pieces, of which at most queue_bytes wait; in place of reply. */
	void (*begin)(struct transport *transport, const struct reply *reply, uint64_t queue_bytes);
	/* One piece, copied. False: no room; nothing was queued, session_drained follows. */
	bool (*write)(struct transport *transport, struct span data);
	/* The end of it; not whole: the peer is made to see that something is missing. */
	void (*finish)(struct transport *transport, bool is_whole);
	/* False while a message has begun and is not whole: nothing was changed. */
	bool (*set_limits)(struct transport *transport, const struct transport_limits *limits);
	struct transport_rtt (*rtt)(const struct transport *transport);
	/* See transport_extra. */
	struct transport_extra *(*extra)(struct transport *transport);
	/*
	 * "127.0.0.1:53124"; or for whom a trusted proxy speaks. Valid until that of any transport
	 * is asked for.
	 */
	const char *(*peer)(const struct transport *transport);
	/* The same until it changes, or the transport's end: at the price of some memory. */
	const char *(*keep_peer)(struct transport *transport);
	/* Sets the peer to a copy; an empty text: back to who is connected. */
	void (*set_peer)(struct transport *transport, struct span peer);
};

/* The answer to the last request, for the log. */
struct answer {
	unsigned status; /* 0: none was given yet, or 101 */
	uint64_t bytes;  /* of its body */
};

/* What a transport has while it is asked, and what only some ever have; and what all have. */
struct transport_extra {
	const struct transport_ops *ops;
	struct admin_request *admin; /* admin.c's; NULL: none waits */
	struct answer answer;        /* set by ops->reply */
	/* How answers to the present request look; NULL: as the serving generation says. */
	const struct http_style *style;
	const struct peer_certificate *certificate; /* that it has proven to own; NULL: none */
	size_t queue_peak; /* the most bytes that had to wait for the socket */
	uint64_t dropped;  /* messages, by the route's overflow */
	bool is_admin;     /* of an admin listener: asks for no route */
	bool is_secure;    /* the peer's bytes are encrypted, if only on their way to the proxy */
	bool hop_is_secure, is_forwarded; /* client.c's: is_secure of the hop; peer is not it */
};

struct transport {
	struct sl_conn *session; /* NULL before one exists and after its end; set by session.c */
	/* Never NULL; perhaps what all share who have none of it. */
	const struct transport_extra *extra;
};

static inline const struct transport_ops *transport_ops(const struct transport *transport)
{
	return transport->extra->ops;
}

/* Valid until that of any transport is asked for. */
static inline const char *transport_peer(const struct transport *transport)
{
	return transport_ops(transport)->peer(transport);
}

/* Its own, to write to. */
static inline struct transport_extra *transport_extra(struct transport *transport)
{
	return transport_ops(transport)->extra(transport);
}

#endif
