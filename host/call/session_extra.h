/*
 * What most sessions have only for a while, apart from what they all have as long as they are
 * there. A part of session.h, private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_EXTRA_H
#define SOCKLET_CALL_SESSION_EXTRA_H

#include <socklet.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "call/presence.h"
#include "call/resume.h"
#include "plugin/plugin.h"

struct exchange;
struct injection;
struct loop_timer;
struct request;
struct session_security;

/*
 * What a session has for a while, or only where its plugin or its route asks for it: the handshake,
 * the end, timers and the like. Made when the first of it is needed, and freed when the handshake
 * has left nothing of it.
 */
struct session_extra {
	struct request *request; /* NULL once answered, unless the plugin keeps it */
	struct buf response_headers;
	const char *subprotocol;     /* session_subprotocol.c's: that was answered, or would be */
	struct injection *injection; /* session_inject.c's; NULL: the plan has no provider */
	struct session_security
		*security;         /* session_security.c's; NULL: no credential was wanted */
	struct exchange *exchange; /* exchange.c's; NULL: a handshake, or an open WebSocket */
	struct timer_list timers;
	struct presence presence;
	struct resume_list resumes; /* subscriptions that catch up; resume.c's */
	unsigned resume_count;
	unsigned jobs;            /* offloaded and not done */
	struct loop_timer *drain; /* drain.c's; NULL: nobody is to close it */
	uint64_t address_key;     /* crowd.c's: it counts for it; 0: for none */
	struct sl_conn *queued;   /* itself, from the first time that it stands in one of these */
	TAILQ_ENTRY(session_extra) due, ended;
	bool owns_request; /* false: it is on host_request's stack */
	bool is_due;
	/* Once ended: */
	struct sl_end end;
	const char *peer;
	size_t queue_peak; /* what the transport has counted */
	uint64_t dropped;
	uint32_t rtt_us; /* smoothed; 0: not measured */
};

/* Zeros. */
extern const struct session_extra session_extra_none;

/* Its own, to write to. */
struct session_extra *session_extra(struct sl_conn *conn);

#endif
