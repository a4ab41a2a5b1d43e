/*
 * A transport and a loop in memory: what call/ answers is written down, time is a number the test
 * sets. Header only, for the tests of call/. SPDX-License-Identifier: MIT
 */
#ifndef TESTS_MEMORY_TRANSPORT_H
#define TESTS_MEMORY_TRANSPORT_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "call/host.h"
#include "wire/http_head.h"

struct memory_transport {
	struct transport base;
	struct transport_extra extra;
	unsigned status; /* of the reply, 101 after an upgrade, 0 before an answer */
	bool is_closed, is_paused, is_held;
	bool is_inside;      /* set by the test: of a message that is not whole */
	unsigned close_code; /* of our close frame */
	struct buf headers, body;
	struct buf sent; /* every message, or piece of an answer, each ended by '|' */
	uint64_t patience_ms, wants_bytes;    /* of a plain request; wants_bytes 0: no body */
	bool is_begun, is_finished, is_whole; /* the answer in pieces */
	size_t queued, queue_max;
	struct transport_rtt rtt;
	const char *address;
	char peer[64];  /* for whom a proxy speaks; "": nobody */
	enum sent full; /* what is said of a message beyond queue_max */
	uint64_t last_key;
	unsigned joined; /* calls of send_joined */
};

#define MEMORY_PEER "192.0.2.1:4711"

static inline void memory_reply(struct transport *base, struct reply *reply)
{
	struct memory_transport *t = (struct memory_transport *)base;

	t->status = reply->status;
	buf_append_span(&t->headers, buf_span(&reply->headers));
	if (reply->content_type != NULL)
		buf_printf(&t->headers, "Content-Type: %s\r\n", reply->content_type);
	if (reply->fd >= 0) {
		ssize_t got = pread(reply->fd, buf_reserve(&t->body, reply->fd_bytes + 1),
			reply->fd_bytes, (off_t)reply->fd_offset);

		t->body.len = got > 0 ? (size_t)got : 0;
		close(reply->fd);
	} else {
		buf_append_span(&t->body, reply->body);
	}
	buf_append(&t->headers, "", 1);
	buf_append(&t->body, "", 1);
}

static inline void memory_upgrade(struct transport *base, const struct upgrade *upgrade)
{
	struct memory_transport *t = (struct memory_transport *)base;

	t->status = 101;
	t->queue_max = upgrade->limits.queue_bytes;
	buf_append_span(&t->headers, upgrade->headers);
	if (upgrade->subprotocol != NULL)
		buf_printf(&t->headers, "Sec-WebSocket-Protocol: %s\r\n", upgrade->subprotocol);
	buf_append(&t->headers, "", 1);
}

static inline enum sent memory_send(
	struct transport *base, enum ws_opcode opcode, struct span payload, uint64_t key)
{
	struct memory_transport *t = (struct memory_transport *)base;

	(void)opcode;
	t->last_key = key;
	if (t->queued + payload.len > t->queue_max)
		return t->full;
	buf_append_span(&t->sent, payload);
	buf_append(&t->sent, "|", 1);
	return SENT_QUEUED;
}

static inline enum sent memory_send_shared(
	struct transport *base, struct ws_shared *shared, uint64_t key)
{
	return memory_send(base, ws_shared_opcode(shared), ws_shared_payload(shared), key);
}

/* Short frames, as they are on the wire. */
static inline bool memory_send_joined(struct transport *base, struct ws_joined *joined)
{
	struct memory_transport *t = (struct memory_transport *)base;
	struct span all = ws_shared_frame(ws_joined_for(joined, NULL));

	if (t->queued + all.len > t->queue_max)
		return false;
	t->joined++;
	while (all.len > 0) {
		size_t len = (uint8_t)all.ptr[1];

		memory_send(base, WS_TEXT, (struct span){all.ptr + 2, len}, 0);
		all = span_from(all, 2 + len);
	}
	return true;
}

static inline void memory_close(struct transport *base, unsigned code, struct span reason)
{
	struct memory_transport *t = (struct memory_transport *)base;

	(void)reason;
	t->is_closed = true;
	t->close_code = code;
}

static inline size_t memory_queued(const struct transport *base)
{
	return ((const struct memory_transport *)base)->queued;
}

static inline void memory_set_paused(struct transport *base, bool paused)
{
	((struct memory_transport *)base)->is_paused = paused;
}

static inline void memory_set_held(struct transport *base, bool held)
{
	((struct memory_transport *)base)->is_held = held;
}

static inline bool memory_set_limits(struct transport *base, const struct transport_limits *limits)
{
	struct memory_transport *t = (struct memory_transport *)base;

	if (!t->is_inside)
		t->queue_max = limits->queue_bytes;
	return !t->is_inside;
}

static inline struct transport_rtt memory_rtt(const struct transport *base)
{
	return ((const struct memory_transport *)base)->rtt;
}

static inline void memory_set_patience(struct transport *base, uint64_t ms)
{
	((struct memory_transport *)base)->patience_ms = ms;
}

static inline void memory_want_body(struct transport *base, uint64_t body_bytes)
{
	((struct memory_transport *)base)->wants_bytes = body_bytes;
}

static inline void memory_begin(
	struct transport *base, const struct reply *reply, uint64_t queue_bytes)
{
	struct memory_transport *t = (struct memory_transport *)base;
	struct reply copy = *reply;

	memory_reply(base, &copy);
	t->is_begun = true;
	t->queue_max = queue_bytes;
}

static inline bool memory_write(struct transport *base, struct span data)
{
	return memory_send(base, WS_BINARY, data, 0) == SENT_QUEUED;
}

static inline void memory_finish(struct transport *base, bool is_whole)
{
	struct memory_transport *t = (struct memory_transport *)base;

	t->is_finished = true;
	t->is_whole = is_whole;
}

static inline void memory_set_peer(struct transport *base, struct span peer)
{
	struct memory_transport *t = (struct memory_transport *)base;

	snprintf(t->peer, sizeof(t->peer), "%.*s", SPAN_ARG(peer));
}

static inline struct transport_extra *memory_extra(struct transport *base)
{
	return &((struct memory_transport *)base)->extra;
}

static inline const char *memory_peer(const struct transport *base)
{
	const struct memory_transport *t = (const struct memory_transport *)base;

	return t->peer[0] == '\0' ? t->address : t->peer;
}

static inline const char *memory_keep_peer(struct transport *base)
{
	return memory_peer(base);
}

static inline void memory_transport_init(struct memory_transport *t)
{
	static const struct transport_ops ops = {
		.reply = memory_reply,
		.upgrade = memory_upgrade,
		.send = memory_send,
		.send_shared = memory_send_shared,
		.send_joined = memory_send_joined,
		.close = memory_close,
		.queued = memory_queued,
		.set_paused = memory_set_paused,
		.set_held = memory_set_held,
		.set_patience = memory_set_patience,
		.want_body = memory_want_body,
		.begin = memory_begin,
		.write = memory_write,
		.finish = memory_finish,
		.set_limits = memory_set_limits,
		.rtt = memory_rtt,
		.set_peer = memory_set_peer,
		.extra = memory_extra,
		.peer = memory_peer,
		.keep_peer = memory_keep_peer,
	};

	memset(t, 0, sizeof(*t));
	t->extra.ops = &ops;
	t->address = MEMORY_PEER;
	t->base.extra = &t->extra;
	t->full = SENT_FULL;
}

static inline void memory_transport_fini(struct memory_transport *t)
{
	buf_fini(&t->headers);
	buf_fini(&t->body);
	buf_fini(&t->sent);
}

/* What was sent since the last look, as text; "" for nothing. */
static inline const char *memory_sent(struct memory_transport *t)
{
	buf_append(&t->sent, "", 1);
	t->sent.len = 0;
	return t->sent.data;
}

/* ---- the loop ---- */

struct loop_timer {
	uint64_t at_ms, repeat_ms;
	void (*fire)(void *arg);
	void *arg;
	struct loop_timer *next;
};

struct memory_loop {
	struct loop base;
	uint64_t now_ms;
	struct loop_timer *timers;
	bool wants_turn_end;
};

/* timer_stop is not given the loop; a test has one at a time. */
static struct memory_loop *memory_loop_of_test;

static inline struct loop_timer *memory_timer_start(struct loop *base, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(void *arg), void *arg)
{
	struct memory_loop *loop = (struct memory_loop *)base;
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	*timer = (struct loop_timer){loop->now_ms + delay_ms, repeat_ms, fire, arg, loop->timers};
	loop->timers = timer;
	return timer;
}

static inline void memory_timer_stop(struct loop_timer *timer)
{
	struct loop_timer **at = &memory_loop_of_test->timers;

	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	free(timer);
}

static inline void memory_want_turn_end(struct loop *base)
{
	((struct memory_loop *)base)->wants_turn_end = true;
}

static inline void memory_loop_init(struct memory_loop *loop)
{
	static const struct loop_ops ops = {
		memory_timer_start, memory_timer_stop, memory_want_turn_end};

	memset(loop, 0, sizeof(*loop));
	loop->base.ops = &ops;
	memory_loop_of_test = loop;
}

/* Fires what is due by then, one timer at a time, the earliest first. */
static inline void memory_loop_advance(struct memory_loop *loop, uint64_t ms)
{
	uint64_t end = loop->now_ms + ms;

	for (;;) {
		struct loop_timer *due = NULL;

		for (struct loop_timer *t = loop->timers; t != NULL; t = t->next)
			if (t->at_ms <= end && (due == NULL || t->at_ms < due->at_ms))
				due = t;
		if (due == NULL)
			break;
		loop->now_ms = due->at_ms;
		/* A one-shot timer stays until its owner stops it, as in the real loop. */
		due->at_ms = due->repeat_ms > 0 ? due->at_ms + due->repeat_ms : UINT64_MAX;
		due->fire(due->arg);
	}
	loop->now_ms = end;
}

#endif
