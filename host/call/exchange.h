/*
 * A plain HTTP request that a plugin answers: a session from its head to its answer, which no
 * message ever reaches. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_EXCHANGE_H
#define SOCKLET_CALL_EXCHANGE_H

#include "call/session.h"

struct exchange;

/* Makes a new session one of a plain request: what is wrong is then answered as HTTP does. */
void exchange_attach(struct sl_conn *conn);
/* Whose it is. */
const char *exchange_peer(const struct exchange *exchange);
/*
 * Injects, then asks for the body, then for scope message, then calls request; answers unless the
 * plugin will do so later. Refuses a body that is announced too long.
 */
void exchange_begin(struct sl_conn *conn);
/* Where a provider that answered later has stopped it: the arguments are there; scope message. */
void exchange_go_on(struct sl_conn *conn);
void exchange_resume(struct sl_conn *conn, enum inject_result result);

/* sl_respond_…: see socklet.h. */
int exchange_respond(struct sl_conn *conn, struct reply *reply);
int exchange_start(struct sl_conn *conn, struct reply *reply);
int exchange_write(struct sl_conn *conn, struct span data);
int exchange_end(struct sl_conn *conn);

/* Whether it is one whose answer has not begun: it will end by itself. */
bool exchange_is_open(const struct sl_conn *conn);
/* Before its session ends: what has become of it, for the log. */
void exchange_note_answer(struct sl_conn *conn);
/* Breaks off an answer that has begun: by plugin or host. */
void exchange_cut(struct sl_conn *conn, unsigned by);
/* Only from the top of the loop: calls request_end if owed, frees. */
void exchange_free(struct sl_conn *conn);

#endif
