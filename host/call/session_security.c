/*
 * A credential is looked at once, by the provider that the plan calls; what outlives that call is
 * which subprotocol it was and when it expires. Knows no kind of credential: security/ does.
 * Called by session.c, session_inject.c and host_table.c. SPDX-License-Identifier: MIT
 */
#include "call/session_security.h"

#include <time.h>

#include "base/log.h"
#include "call/host_state.h"
#include "call/session_inject.h"
#include "security/security.h"
#include "wire/ws_key.h"

/* A credential among the subprotocols, and the offer before it. */
struct offered {
	const char *scheme;
	struct span credential;
	struct offered *next;
};

/* Of several credentials of one connection: what concerns the connection. */
struct session_security {
	struct offered *offered; /* NULL: no credential came as a subprotocol */
	int64_t expires_s;       /* unix time of the first to expire, 0: none does */
	unsigned expire_code;
	const char *expire_detail, *expire_challenge; /* before the answer; static or the arena's */
	struct loop_timer *timer;                     /* NULL: none */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void reject(struct sl_conn *conn, unsigned status, unsigned close_code, const char *detail,
	const char *challenge)
{
	/* A 101 asks for nothing. */
	if (!session_rejects_by_close(conn))
		buf_printf(&session_extra(conn)->response_headers, "WWW-Authenticate: %s\r\n",
			challenge);
	session_reject(conn, status, close_code, detail);
}

/* ---- expiry ----------------------------------------------------------------------------- */

static void expiry_on_timer(void *arg);

static void wait_for_expiry(struct sl_conn *conn)
{
	struct session_security *security = conn->extra->security;
	struct loop *loop = session_host(conn)->loop;
	int64_t left_ms = security->expires_s * 1000 - now_ms();

	security->timer = loop->ops->timer_start(
		loop, left_ms < 0 ? 0 : (uint64_t)left_ms, 0, expiry_on_timer, conn);
}

static void expiry_on_timer(void *arg)
{
	struct sl_conn *conn = arg;
	const struct session_security *security = conn->extra->security;

	session_security_end(conn);
	/* The clock on the wall may have been put back. */
	if (now_ms() < security->expires_s * 1000) {
		wait_for_expiry(conn);
		return;
	}
	log_info("%s: the credential of %s expired", session_label(conn), session_peer(conn));
	if (conn->phase != SESSION_DECIDING)
		session_stop(conn, security->expire_code, "credential expired");
	else
		reject(conn, 401, security->expire_code, security->expire_detail,
			security->expire_challenge);
}

void session_security_end(struct sl_conn *conn)
{
	struct session_security *security = conn->extra->security;

	if (security == NULL || security->timer == NULL)
		return;
	session_host(conn)->loop->ops->timer_stop(security->timer);
	security->timer = NULL;
}

static void note_expiry(struct sl_conn *conn, const struct security_answer *answer)
{
	struct session_security *security = conn->extra->security;

	if (answer->expires_s == 0 ||
		(security->expires_s != 0 && security->expires_s <= answer->expires_s))
		return;
	session_security_end(conn);
	security->expires_s = answer->expires_s;
	security->expire_code = answer->expire_code;
	security->expire_detail = answer->detail;
	security->expire_challenge = answer->www_authenticate;
	wait_for_expiry(conn);
}

/* ---- subprotocols ----------------------------------------------------------------------- */

bool session_security_is_secret(const struct sl_conn *conn, struct span subprotocol)
{
	const struct offered *offered = conn->extra->security == NULL
						? NULL
						: conn->extra->security->offered;

	while (offered != NULL && !span_equal(offered->credential, subprotocol))
		offered = offered->next;
	return offered != NULL;
}

/* A list, since a plugin asks for one after the other and a head has room for thousands. */
static void list_offers(const struct sl_conn *conn, struct request *request)
{
	struct ws_offers count = {.head = request->head}, offers = count;
	struct span offer;
	size_t all = 0;

	while (ws_offers_next(&count).ptr != NULL)
		all++;
	request->offers = arena_alloc(&request->arena, (all + 1) * sizeof(*request->offers));
	request->offer_count = 0;
	while ((offer = ws_offers_next(&offers)).ptr != NULL)
		if (!session_security_is_secret(conn, offer))
			request->offers[request->offer_count++] = offer;
}

struct span session_security_offer(const struct sl_conn *conn, size_t n)
{
	struct request *request = conn->extra->request;

	if (request->offers == NULL)
		list_offers(conn, request);
	return n < request->offer_count ? request->offers[n] : (struct span){NULL, 0};
}

const char *session_security_scheme(const struct sl_conn *conn)
{
	return conn->extra->security == NULL || conn->extra->security->offered == NULL
		       ? NULL
		       : conn->extra->security->offered->scheme;
}

/* ---- asking ----------------------------------------------------------------------------- */

/* The request's bytes may be gone before the connection is answered. */
static void note_offered(struct sl_conn *conn, struct span credential)
{
	struct ws_offers offers = {.head = conn->extra->request->head};
	struct offered *offered = arena_alloc(&conn->arena, sizeof(*offered));
	struct span scheme = {NULL, 0}, offer;

	while ((offer = ws_offers_next(&offers)).ptr != NULL && offer.ptr != credential.ptr)
		scheme = offer;
	offered->scheme = arena_text(&conn->arena, scheme.ptr, scheme.len);
	offered->credential = arena_span(&conn->arena, credential);
	offered->next = conn->extra->security->offered;
	conn->extra->security->offered = offered;
	conn->extra->request->offers = NULL; /* to be listed without it */
}

static void note_place(struct sl_conn *conn, const struct credential *found)
{
	if (conn->extra->security == NULL)
		session_extra(conn)->security = arena_alloc(
			&conn->arena, sizeof(*conn->extra->security));
	if (found->place == CREDENTIAL_SUBPROTOCOL)
		note_offered(conn, found->value);
}

static void refuse(
	struct sl_conn *conn, const struct plan_call *call, const struct security_answer *answer)
{
	log_info("%s: refused %s with %u: provider %s: %s", session_label(conn), session_peer(conn),
		answer->status, call->provider->name, answer->log_text);
	reject(conn, answer->status, answer->close_code, answer->detail, answer->www_authenticate);
}

int session_security_call(struct sl_conn *conn, const struct plan_call *call, void *result)
{
	const struct inject_request source = session_source(conn);
	const struct security_request request = {
		.head = source.head,
		.query = source.query,
		.cookies = source.cookies,
		.query_count = source.query_count,
		.cookie_count = source.cookie_count,
		.now_s = now_ms() / 1000,
	};
	struct security_answer answer;
	bool may_pass = security_check(
		call->provider->security, &request, call->scopes, &conn->arena, &answer);
	struct claims **claims = result;

	note_place(conn, &answer.found);
	if (!may_pass) {
		refuse(conn, call, &answer);
		return SL_FAILED;
	}
	if (answer.is_absent)
		return SL_OK;
	*claims = arena_alloc(&conn->arena, sizeof(**claims));
	**claims = answer.claims;
	note_expiry(conn, &answer);
	return SL_OK;
}
