/*
 * The injection of one session: its plan's run, the provider it waits for, what has to be released.
 * Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_INJECT_H
#define SOCKLET_CALL_SESSION_INJECT_H

#include "call/session.h"

/* Of the session's arena. */
struct injection {
	struct inject_run run;
	inject_call *call;
	const struct plan_call *calling; /* its code is on the stack */
	const struct plan_call *awaited; /* its value may come: being called, or SL_LATER */
	bool has_value;                  /* it has come; the run goes on at the end of the turn */
	struct loop_timer *timeout;      /* NULL: nobody waits */
	struct arena arena;              /* of one message */
	struct buf kept;                 /* the message whose providers wait */
	uint32_t kept_type;
};

/*
 * Runs the plan. True: the arguments are there. False: the handshake is answered (with what is
 * wrong, or by a provider), or a provider answers later. `call` is session_call_provider, or a
 * function that calls it; its context is the session.
 */
bool session_inject(struct sl_conn *conn, inject_call *call);
inject_call session_call_provider;
/* What the request offers to a plan; valid while the session has its request. */
struct inject_request session_source(struct sl_conn *conn);
/* Whether a provider of that scope is in the plan. */
bool session_inject_has(const struct sl_conn *conn, uint32_t scope);

/* Whether the arguments are not there because a provider answers later. */
bool session_inject_waits(const struct sl_conn *conn);
/* Whether a provider's answer or a release is still to come, of handshake or message. */
bool session_inject_is_busy(const struct sl_conn *conn);

/* sl_provide, sl_security_scope, sl_alloc: see socklet.h. */
int session_provide(struct sl_conn *conn, const struct sl_provider *provider, const void *value);
struct span session_security_scope(const struct sl_conn *conn, size_t n);
void *session_alloc(struct sl_conn *conn, size_t size);

/* At the end of the turn, with no plugin code on the stack: goes on with what has come. */
void session_inject_due(struct sl_conn *conn);
/* The handshake's providers have done their work. */
void session_inject_accepted(struct sl_conn *conn);

/* Calls the providers of scope message; afterwards session_inject_message_over, unless WAITING. */
enum inject_result session_inject_message(struct sl_conn *conn);
void session_inject_message_failed(struct sl_conn *conn, enum inject_result result);
void session_inject_message_over(struct sl_conn *conn);
/* session_message.c's: the message that was kept may be delivered. */
void session_message_resume(struct sl_conn *conn, enum inject_result result);

/* The session has ended: nobody waits any more. */
void session_inject_end(struct sl_conn *conn);
/* Before disconnect: what lived shorter is gone. */
void session_inject_clear(struct sl_conn *conn);
/* Releases all that is left, the last provided first. */
void session_inject_fini(struct sl_conn *conn);

#endif
