/*
 * One worker's whole application side, as net/ and daemon/ use it: requests and messages go in,
 * answers come out through transport.h. One thread. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_HOST_H
#define SOCKLET_CALL_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "call/loop.h"
#include "base/tally.h"
#include "call/transport.h"
#include "wire/http_head.h"

struct breadcrumb;
struct host;
struct generation;
struct image_store;
struct sl_host;
struct sl_conn;

/* NULL adds to `why`. The loop must outlive the host. */
struct host *host_new(struct loop *loop, struct err_list *why);
/* Plugin code is noted there, for who looks after a crash. Before the first generation. */
void host_set_breadcrumb(struct host *host, struct breadcrumb *page);
/* Sessions are counted there; without it no limit of their number holds. Before the first. */
void host_set_tally(struct host *host, struct tally tally);
/* Connections are numbered from there on; before the first. */
void host_set_last_id(struct host *host, uint64_t id);
/* All transports are gone. Ends every session, stops every plugin, frees all. */
void host_free(struct host *host);

/* The serving generation; NULL before the first host_swap. */
struct generation *host_generation(struct host *host);
/* What generation_build needs. */
struct image_store *host_images(struct host *host);
const struct sl_host *host_functions(struct host *host);
/* Takes the reference; new handshakes use it from now on. Cannot fail. */
void host_swap(struct host *host, struct generation *next);

/*
 * A request head arrived on a transport without session. Answered at once by ops->reply or
 * ops->upgrade; or later: then transport->session is set and neither was called yet. `raw` are the
 * head's bytes, `head` points into them; both are needed until this returns only.
 */
void host_request(struct host *host, struct transport *transport, const struct http_head *head,
	struct span raw);
/* Whether that address may speak for others, by `proxies`. */
bool host_is_proxy(const struct host *host, struct span peer);
/* Answers a head that could not be decoded, or a time-out, with the status of why->code, and
 * closes. */
void host_bad_request(struct transport *transport, const struct err *why);

/* How answers look that no route gives; NULL: the usual way. Valid until the next host_swap. */
const struct http_style *host_style(const struct host *host);

/*
 * Runs what had to wait until no plugin code is on the stack: disconnect callbacks, unloading.
 * These may send: flush afterwards. Call at the end of each turn that asked for it.
 */
void host_turn_end(struct host *host);
/*
 * Looks whether a plugin has changed what is not its own (plugin/manners.h), at most once a second
 * and only when one ran. Call at the end of each turn.
 */
void host_watch(struct host *host);
/* A descriptor that no plugin may close, and its end: before it is closed. */
void host_own_descriptor(struct host *host, int fd);
void host_disown_descriptor(struct host *host, int fd);

/* Bytes of published messages that may wait for members. */
void host_set_topics_queue(struct host *host, uint64_t bytes);

/* Readable when offloaded work is done: then call host_collect. */
int host_collect_fd(const struct host *host);
void host_collect(struct host *host);

/* Sessions alive, pending handshakes included. */
size_t host_session_count(const struct host *host);
/*
 * For shutdown: closes each session with 1012 (pending ones: refused with 503) at a time of its own
 * within the spread, 0: now. What reloads have begun ends.
 */
void host_stop(struct host *host, uint64_t spread_ms);
/* Another process serves from now on: closes sessions by the `drain` of their routes. */
void host_leave(struct host *host);

/* ---- a session, as its transport tells it what happens; nothing here calls disconnect at once
 * ---- */

/* A whole text or binary message, which stays valid until this returns. Afterwards look at
 * transport->session again: the plugin may have closed. */
void session_message(struct sl_conn *session, enum ws_opcode opcode, struct span payload);
/* The whole body of a plain request, as ops->want_body has asked; taken, and `body` emptied. */
void exchange_body(struct sl_conn *session, struct buf *body);
/* All that was queued has left. */
void session_drained(struct sl_conn *session);
/*
 * The connection is over: the peer's close frame (1005 when without code), TCP loss (1006), a
 * broken rule, a time-out. transport->session is NULL afterwards.
 */
enum { ENDED_BY_PEER = 1, ENDED_BY_HOST = 3 }; /* `by`: SL_BY_PEER, SL_BY_HOST of socklet.h */
void session_end(struct sl_conn *session, unsigned code, struct span reason, unsigned by);
/* For log lines: "echo /ws #17". Valid until the next call, for any session. */
const char *session_label(const struct sl_conn *session);

#endif
