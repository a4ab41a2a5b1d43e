/*
 * The host's own security providers as a session calls them: ask, refuse or keep the claims, and
 * end the connection when what it was let in with expires. Private to call/.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_SECURITY_H
#define SOCKLET_CALL_SESSION_SECURITY_H

#include "call/session.h"

/*
 * Stores a `struct claims *` in *result, NULL when nothing was given and nothing is required.
 * Anything but SL_OK: the handshake is refused.
 */
int session_security_call(struct sl_conn *conn, const struct plan_call *call, void *result);
/* The session ended: nothing of it can expire any more. */
void session_security_end(struct sl_conn *conn);

/* Whether the subprotocol is a credential, which must never be answered or logged. */
bool session_security_is_secret(const struct sl_conn *conn, struct span subprotocol);
/* The n-th subprotocol that the peer offers and that is no credential; ptr NULL: no more. */
struct span session_security_offer(const struct sl_conn *conn, size_t n);
/*
 * The scheme before a credential among the subprotocols, as offered; NULL: none came so. A browser
 * gives up when none is chosen, and only this one needs no plugin that speaks it.
 */
const char *session_security_scheme(const struct sl_conn *conn);

#endif
