/*
 * RFC 6455 section 4.2.2 lets a server answer none of those offered. A browser then fails the
 * connection, other clients go on without, so that is the default. Called by session.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/session_subprotocol.h"

#include <string.h>

#include "call/session_security.h"

static bool is_offered(struct sl_conn *conn, const char *name)
{
	struct span offer;

	for (size_t n = 0; (offer = session_security_offer(conn, n)).ptr != NULL; n++)
		if (span_equal(offer, span_of(name)))
			return true;
	return false;
}

static const char *choose_of_route(struct sl_conn *conn)
{
	const struct conf_list *names = &conn->route->conf->subprotocols.names;

	for (size_t i = 0; i < names->count; i++)
		if (is_offered(conn, names->items[i]))
			return names->items[i];
	return NULL;
}

const char *session_subprotocol_for_close(struct sl_conn *conn)
{
	const char *name = choose_of_route(conn);
	struct span offer;

	if (name != NULL)
		return name;
	offer = session_security_offer(conn, 0);
	return offer.ptr == NULL ? NULL : arena_text(&conn->arena, offer.ptr, offer.len);
}

bool session_subprotocol_check(struct sl_conn *conn)
{
	const struct conf_list *names = &conn->route->conf->subprotocols.names;
	const char *wanted = names->count > 0 ? names->items[0] : "";

	if (!conn->route->conf->subprotocols.is_required || choose_of_route(conn) != NULL)
		return true;
	for (size_t i = 1; i < names->count; i++)
		wanted = arena_printf(&conn->arena, "%s, %s", wanted, names->items[i]);
	session_reject(conn, 400, 1008,
		arena_printf(&conn->arena, "wanted a Sec-WebSocket-Protocol header with one of: %s",
			wanted));
	return false;
}

/* A copy: the session may outlive the generation whose list it is from. */
const char *session_subprotocol(struct sl_conn *conn)
{
	const char *name;

	if (conn->phase != SESSION_DECIDING || conn->extra->request == NULL)
		return conn->extra->subprotocol;
	name = choose_of_route(conn);
	if (name == NULL)
		name = session_security_scheme(conn);
	if (name == NULL)
		session_extra(conn)->subprotocol = NULL;
	else if (conn->extra->subprotocol == NULL || strcmp(conn->extra->subprotocol, name) != 0)
		session_extra(conn)->subprotocol = arena_text(&conn->arena, name, strlen(name));
	return conn->extra->subprotocol;
}
