/*
 * The HTTP interface for other programs, on listeners of its own: publish, ask, disconnect. What
 * concerns other workers is asked of them through an interface that daemon/ implements.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ADMIN_H
#define SOCKLET_CALL_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct admin_link;
struct host;
struct http_head;
struct transport;

enum { ADMIN_KEY_BYTES = 32 }; /* of an idempotency key: its SHA-256 */

/* What only the master knows. */
enum admin_to_master {
	ADMIN_STATUS_JSON, /* answered by a text */
	ADMIN_STATUS_METRICS,
	ADMIN_PRESENT,     /* a topic; answered by JSON */
	ADMIN_KEY_CLAIM,   /* a window in ms, as text, '\n', the key; "new", "busy" or "done" */
	ADMIN_KEY_DONE,    /* the key; no answer */
	ADMIN_KEY_RELEASE, /* the same: who claimed it has not done it */
};

/* None of these calls back. False: nobody can be asked. */
struct admin_link_ops {
	/* admin_asked tells how many will answer, then admin_answered comes for each that does. */
	bool (*ask_others)(struct admin_link *link, uint64_t id, struct span question);
	bool (*ask_master)(
		struct admin_link *link, uint64_t id, enum admin_to_master what, struct span body);
};

struct admin_link {
	const struct admin_link_ops *ops;
};

/* NULL: this worker is alone, and nobody has a status. */
void admin_set_link(struct host *host, struct admin_link *link);
void admin_asked(struct host *host, uint64_t id, unsigned count);
void admin_answered(struct host *host, uint64_t id, struct span answer);
/* Another worker asks; the answer is added to `out`. At the top of the loop. */
void admin_question(struct host *host, struct span question, struct buf *out);

/* A request on an admin listener: answered, or transport->admin is set. */
void admin_take(struct host *host, struct transport *transport, const struct http_head *head);
/* Its body, which is taken. */
void admin_body(struct transport *transport, struct buf *body);
/* The transport answers itself, or is gone. Nothing to do if nothing waits. */
void admin_forget(struct transport *transport);

#endif
