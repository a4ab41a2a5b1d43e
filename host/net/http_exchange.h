/*
 * What a plain request that a plugin answers needs of its connection beyond an answer at once: the
 * body, in full, and an answer in pieces. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_HTTP_EXCHANGE_H
#define SOCKLET_NET_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct conn;
struct reply;
struct span;
struct transport;

/* Of struct transport_ops. */
void http_exchange_set_patience(struct transport *transport, uint64_t ms);
void http_exchange_want_body(struct transport *transport, uint64_t body_bytes);
void http_exchange_begin(
	struct transport *transport, const struct reply *reply, uint64_t queue_bytes);
bool http_exchange_write(struct transport *transport, struct span data);
void http_exchange_finish(struct transport *transport, bool is_whole);

/* In stage HTTP_BODY: returns how many bytes were used up; the request goes on with the last. */
size_t http_exchange_take_body(struct conn *conn, const char *data, size_t len);
/* In stage HTTP_BODY: the rest of it does not come, since it is late, or the peer has ended. */
void http_exchange_late_body(struct conn *conn);
void http_exchange_cut_body(struct conn *conn);
/* In stage HTTP_STREAMING: all that was queued has left. */
void http_exchange_sent(struct conn *conn, bool owes_drained);
/* In stage HTTP_STREAMING: looks after a peer that reads nothing. Returns when to look again. */
uint64_t http_exchange_due(struct conn *conn, uint64_t now_ms);

#endif
