/*
 * One connection as its plugin sees it: struct sl_conn, from the first byte of plugin code that
 * knows it to the return of its disconnect callback. Its transport may live longer (a closing
 * handshake needs no plugin). Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_H
#define SOCKLET_CALL_SESSION_H

#include <sys/queue.h>

#include "call/access_log.h"
#include "call/fan_out.h"
#include "call/generation.h"
#include "call/host.h"
#include "call/presence.h"
#include "call/request.h"
#include "call/resume.h"
#include "call/session_extra.h"
#include "call/session_table.h"
#include "call/timer.h"
#include "call/traffic.h"
#include "inject/inject.h"

enum session_phase {
	SESSION_DECIDING,  /* the handshake, or the plain request, is not answered */
	SESSION_OPEN,      /* accepted */
	SESSION_STREAMING, /* a plain request whose answer has begun */
	SESSION_ENDED,     /* answered, refused, closed or lost; freed at the end of the turn */
};

struct sl_conn {
	union {
		struct plugin_subject subject; /* first: plugin/ finds it there */
		struct {
			uint64_t id;
			const struct route *route; /* of the generation that it holds */
		};
	};
	struct transport *transport;       /* NULL once ended */
	const void *args;                  /* filled by the route's plan */
	const struct session_extra *extra; /* never NULL: session_extra_none as long as it can */
	struct traffic traffic;
	uint8_t phase;            /* enum session_phase */
	bool owes_disconnect : 1; /* connect was called and did not refuse */
	bool is_secure : 1;       /* TLS */
	bool is_counted : 1;      /* crowd.c's: for its route */
	bool is_keeping : 1;      /* a message, until its providers have answered */
	bool is_held : 1;         /* for that, or for its jobs: nothing is read */
	bool is_moving : 1;       /* a hand-over is being asked for */
	bool has_moved : 1;       /* was handed over at least once */
	/* Up to here every message comes, below hardly one. */
	unsigned magic;
	unsigned offered; /* the generation that it was last offered to; session_move.c's */
	void *state;      /* on the heap: a hand-over replaces it; NULL: the plugin wants none */
	struct fan_out_member *topics;  /* NULL: never subscribed to any */
	struct arena arena;             /* args, results of providers, sl_alloc */
	struct sl_conn *next_in_bucket; /* session_table's */
};

static inline struct host *session_host(const struct sl_conn *conn)
{
	return conn->route->generation->host;
}

TAILQ_HEAD(session_queue, session_extra);

/* A session in SESSION_DECIDING, attached to its transport; borrows the request. */
struct sl_conn *session_new(struct host *host, struct transport *transport,
	const struct route *route, struct request *request);
/* Injects, calls connect, answers unless the plugin will do so later. */
void session_connect(struct sl_conn *conn);
/* Zeros; NULL where the plugin wants none. */
void *session_new_state(const struct sl_plugin *plugin);
/* Valid until it is asked for that of any connection. */
const char *session_peer(const struct sl_conn *conn);
/* The same until disconnect has returned, as sl_peer gives it. */
const char *session_keep_peer(const struct sl_conn *conn);
/* What reports say of it follows. */
void session_set_route(struct sl_conn *conn, const struct route *route);
/* Connect, with the arguments that are there now, and its answer. */
void session_call_connect(struct sl_conn *conn);
/* What is needed of the request behind the call that brought it is copied. */
void session_settle_request(struct sl_conn *conn);
/* From here on the transport and the session do not know each other. */
void session_finish(struct sl_conn *conn, unsigned code, struct span reason, unsigned by);
/* Whether a refusal is 101 and a close frame. */
bool session_rejects_by_close(const struct sl_conn *conn);
/* SL_CLOSED, or with a log line SL_INVALID: what `who` does is for WebSockets only. */
int session_not_open(const struct sl_conn *conn, const char *who);
/* Runs disconnect if owed, releases what providers gave, frees all. Only from the top of the loop.
 */
void session_free(struct sl_conn *conn);

/* sl_accept, sl_refuse, sl_reject, sl_close: see socklet.h. */
int session_accept(struct sl_conn *conn, const char *subprotocol);
int session_refuse(struct sl_conn *conn, struct reply *reply);
int session_refuse_detail(struct sl_conn *conn, unsigned status, const char *detail);
int session_reject(struct sl_conn *conn, unsigned status, unsigned code, const char *detail);
int session_close(struct sl_conn *conn, unsigned code, const char *reason);
/* The host's own end: close frame (or a refusal with 503) and session_end in one. */
void session_stop(struct sl_conn *conn, unsigned code, const char *reason);
int session_send(struct sl_conn *conn, uint32_t type, struct span data);
/* Key 0: none. */
int session_send_keyed(struct sl_conn *conn, uint32_t type, struct span data, uint64_t key);
/* The same for a message of many, of which a text is UTF-8: whoever made it has looked. */
int session_send_shared(struct sl_conn *conn, struct ws_shared *shared);
/* Several of them in one piece. False: none was sent, and each is to be sent by itself. */
bool session_send_joined(struct sl_conn *conn, struct ws_joined *joined);
int session_send_shared_keyed(struct sl_conn *conn, struct ws_shared *shared, uint64_t key);
/* What sl_send does with a message that no queue of the route can ever take. Open sessions only. */
int session_too_long(struct sl_conn *conn, size_t len);
/* Reads on, or not: for a message that is kept, for offloaded work that is behind. */
void session_listen(struct sl_conn *conn);
/* The answer to errors in the arguments. */
void session_refuse_invalid(struct sl_conn *conn, const struct inject_errors *errors);
/* Plugin code ("connect") returned a negative result: 500 or 1011, unless it answered. */
void session_fail(struct sl_conn *conn, const char *what, int result);
/* What sl_send does with a message that did not fit, and returns. Open sessions only. */
int session_full(struct sl_conn *conn, size_t len);

#endif
