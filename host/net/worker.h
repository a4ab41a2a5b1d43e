/*
 * A worker's net side: one thread, one event base, its listeners and all their connections.
 * daemon/ makes one, gives it a host, lets it listen and runs it:
 *
 *	worker_new, host_new(worker_loop), worker_set_host, worker_listen…, worker_run,
 *	worker_drop_all, worker_set_host(NULL), host_free, worker_free
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WORKER_H
#define SOCKLET_NET_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tally.h"
#include "net/listener.h"
#include "wire/http_head.h"

enum { WORKER_LATE_MS = 4 };

struct event_base;
struct host;
struct loop;
struct poller_watch;
struct tls_context;
struct worker;

/* From now on SIGPIPE is ignored: sendfile cannot be told not to raise it. NULL fills `why`. */
struct worker *worker_new(struct err *why);
/* No connection is left, and no timer of the loop. */
void worker_free(struct worker *worker);

/* For host_new. */
struct loop *worker_loop(struct worker *worker);
/*
 * For signals and the like: their callbacks run within a turn. While connections talk they may be
 * WORKER_LATE_MS late; what must not be has a watch, or is a timer of the loop.
 */
struct event_base *worker_base(struct worker *worker);
/* Calls watch->ready within a turn when its descriptor can be read, until worker_unwatch. */
void worker_watch(struct worker *worker, struct poller_watch *watch);
void worker_unwatch(struct worker *worker, struct poller_watch *watch);
/* Borrowed. NULL only while there is no connection. */
void worker_set_host(struct worker *worker, struct host *host);
/* Time for a request head, and for the plugin's answer to a handshake. 10 s at first. */
void worker_set_handshake_ms(struct worker *worker, uint64_t ms);

/* Takes the reference; for connections that come from now on. NULL: none speaks TLS. */
void worker_set_tls(struct worker *worker, struct tls_context *tls);
/* Connections are counted there, together with those of the other workers. Before the first. */
void worker_set_tally(struct worker *worker, struct tally tally);
/* The most of them, 0: any; and how large the head of a request may be. */
void worker_set_entry(
	struct worker *worker, uint64_t connections_max, const struct http_limits *head);

/* Takes the listening socket; the listener is the worker's. */
struct listener *worker_listen(
	struct worker *worker, int fd, const struct listener_options *options);
/* Takes those who wait in its queue, and closes it; its connections stay. */
void worker_unlisten(struct worker *worker, struct listener *listener);
/*
 * For good: closes all listeners and the connections that wait for a request; answers close
 * theirs. Sessions stay: host_stop, then worker_connection_count falls to 0.
 */
void worker_stop_accepting(struct worker *worker);

/* Turns until worker_break, which may be called from any callback of the loop. */
void worker_run(struct worker *worker);
void worker_break(struct worker *worker);
/* One turn: waits for events if `wait`, handles them, then the end of the turn. */
void worker_turn(struct worker *worker, bool wait);

/* Sockets still open, closing ones included. */
size_t worker_connection_count(const struct worker *worker);
/* Ends all of them at once; what sessions are left end with 1006. */
void worker_drop_all(struct worker *worker);

#endif
