/*
 * Three questions in the order of what they cost the host: how often, how many of the address, how
 * many of the route. What an open session counts for is noted in it, so that it takes back exactly
 * that, whatever a reload changes. Called by host.c and session.c. SPDX-License-Identifier: MIT
 */
#include "call/crowd.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/client_address.h"
#include "call/host_state.h"
#include "call/turn_away.h"

enum { RETRY_S = 5, LOG_MS = 1000 };

static const struct limits_conf *limits_of(const struct host *host)
{
	return &host->generation->config.limits;
}

/* 0: it has no address. */
static uint64_t address_key(const struct host *host, const char *peer)
{
	uint8_t address[CLIENT_ADDRESS_MAX];
	size_t len = client_address_parse(address, peer, (unsigned)limits_of(host)->ipv6_prefix);

	return len == 0 ? 0 : tally_key(&host->tally, address, len);
}

/* A route is the same in all generations that have its path. */
static uint64_t route_key(const struct host *host, const struct route *route)
{
	const char *path = route->conf->path.text;

	return tally_key(&host->tally, path, strlen(path));
}

/* ---- counting ------------------------------------------------------------------------------- */

static void count_address(struct sl_conn *conn)
{
	const struct host *host = session_host(conn);
	uint64_t before = conn->extra->address_key, now = 0;

	if (before != 0)
		tally_remove(&host->tally, TALLY_ADDRESSES, before);
	if (limits_of(host)->per_address != 0)
		now = address_key(host, session_peer(conn));
	if (now != 0 && !tally_add(&host->tally, TALLY_ADDRESSES, now))
		now = 0;
	if (now != before)
		session_extra(conn)->address_key = now;
}

void crowd_enter(struct sl_conn *conn)
{
	struct host *host = session_host(conn);

	if (host->tally.memory == NULL)
		return;
	conn->is_counted = tally_add(&host->tally, TALLY_ROUTES, route_key(host, conn->route));
	count_address(conn);
}

void crowd_leave(struct sl_conn *conn)
{
	struct host *host = session_host(conn);

	if (conn->is_counted)
		tally_remove(&host->tally, TALLY_ROUTES, route_key(host, conn->route));
	if (conn->extra->address_key != 0)
		tally_remove(&host->tally, TALLY_ADDRESSES, conn->extra->address_key);
}

static void recount(struct sl_conn *conn, void *context)
{
	(void)context;
	if (conn->extra->exchange == NULL)
		count_address(conn);
}

void crowd_changed(struct host *host, const struct limits_conf *before)
{
	const struct limits_conf *now = limits_of(host);
	bool is_other = (before->per_address == 0) != (now->per_address == 0) ||
			before->ipv6_prefix != now->ipv6_prefix;

	if (is_other && host->tally.memory != NULL)
		session_table_each(&host->sessions, recount, NULL);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void log_refused(struct host *host, const struct transport *transport,
	const struct route *route, const struct err *why)
{
	host->crowd.refused++;
	if (!clock_allows(&host->crowd.logged_ms, LOG_MS))
		return;
	log_warn("%s: refused %s with %u: %s (%llu refused by limits since the last such line)",
		route->label, transport_peer(transport), err_http_status(why->code), why->text,
		(unsigned long long)host->crowd.refused);
	host->crowd.refused = 0;
}

/* In seconds, when to come again; 0: come in. */
static uint64_t ask_address(const struct host *host, const char *peer, struct err *why)
{
	const struct limits_conf *limits = limits_of(host);
	uint64_t key, wait_ms;

	if (limits->per_address == 0 && limits->handshake_rate == 0)
		return 0;
	key = address_key(host, peer);
	if (key == 0)
		return 0;
	wait_ms = limits->handshake_rate == 0
			  ? 0
			  : tally_take_token(&host->tally, key, limits->handshake_rate,
				    limits->handshake_burst, clock_ms());
	if (wait_ms > 0) {
		err_set(why, ERR_TOO_MANY, "too many handshakes from your address");
		return wait_ms / 1000 + 1;
	}
	if (limits->per_address == 0 ||
		tally_sum(&host->tally, TALLY_ADDRESSES, key) < limits->per_address)
		return 0;
	err_set(why, ERR_TOO_MANY, "too many connections from your address, at most %llu",
		(unsigned long long)limits->per_address);
	return RETRY_S;
}

static uint64_t ask_route(const struct host *host, const struct route *route, struct err *why)
{
	uint64_t most = route->conf->limits.connections;

	if (most == 0 || tally_sum(&host->tally, TALLY_ROUTES, route_key(host, route)) < most)
		return 0;
	err_set(why, ERR_UNAVAILABLE, "too many connections on this route, at most %llu",
		(unsigned long long)most);
	return RETRY_S;
}

bool crowd_ask(struct host *host, struct transport *transport, const struct route *route,
	struct request *request)
{
	uint64_t retry_s;
	struct err why;

	if (host->tally.memory == NULL)
		return true;
	retry_s = ask_address(host, transport_peer(transport), &why);
	if (retry_s == 0)
		retry_s = ask_route(host, route, &why);
	if (retry_s == 0)
		return true;
	log_refused(host, transport, route, &why);
	turn_away(transport, route, request, &why, retry_s);
	return false;
}
