/*
 * How an open connection comes from the generation it was born with to the one that serves, so that
 * the old one can end. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SESSION_MOVE_H
#define SOCKLET_CALL_SESSION_MOVE_H

#include "base/expect.h"
#include "call/session.h"

/* session_move below. */
void session_move_try(struct sl_conn *conn);

/*
 * Moves the session if it is not with the serving generation, and can be: its route is still there,
 * with the same plugin or one that takes it over, and nothing of the old code is pending. Otherwise
 * nothing has changed. Between two messages, with no plugin code on the stack; may end the session.
 */
static inline void session_move(struct sl_conn *conn, const struct generation *serving)
{
	/* Before each message; hardly one finds a newer generation. */
	if (UNLIKELY(conn->route->generation != serving))
		session_move_try(conn);
}
/* Offers all sessions to the generation that serves since now, some in each turn of the loop. */
void session_move_all(struct host *host);
/* The sweep ends, wherever it is. */
void session_move_stop(struct host *host);
/* The route of the serving generation that has the path of the session's own; NULL: removed. */
const struct route *session_move_route(const struct sl_conn *conn);

#endif
