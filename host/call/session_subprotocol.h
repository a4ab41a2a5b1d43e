/*
 * Which subprotocol a route chooses of those that are offered. Private to call/.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_SUBPROTOCOL_H
#define SOCKLET_CALL_SESSION_SUBPROTOCOL_H

#include "call/session.h"

/*
 * What the connection speaks. Before the answer: the first of the route's `subprotocols` that the
 * peer offers, else the scheme before a credential that came as one; NULL: none. Valid: the
 * session's life.
 */
const char *session_subprotocol(struct sl_conn *conn);
/* For a close: the route's, or the peer's first offer, as a browser given none does not listen. */
const char *session_subprotocol_for_close(struct sl_conn *conn);
/* False: the route requires one of its own, none is offered, and the session is refused. */
bool session_subprotocol_check(struct sl_conn *conn);

#endif
