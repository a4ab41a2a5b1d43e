/*
 * A full host closes the connection that has waited longest for its peer's request, so that who
 * opens thousands and says nothing only pushes out his own. Where none waits, some more are let in
 * to be told 503 in their own protocol; these are surplus and not counted, and behind them the
 * listener says it for us. SPDX-License-Identifier: MIT
 */
#include "net/entry.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"

enum { SURPLUS_MAX = 256, LOG_MS = 1000 };

static bool is_full(const struct conn_set *set)
{
	uint64_t count = set->tally.memory == NULL ? set->count - set->surplus
						   : tally_connections(&set->tally);

	return set->connections_max != 0 && count >= set->connections_max;
}

static void log_full(struct conn_set *set)
{
	if (!clock_allows(&set->full_logged_ms, LOG_MS))
		return;
	log_warn("the host is full (`connections: %llu`): %llu that had sent no request were "
		 "closed to make room, %llu told 503, since the last such line",
		(unsigned long long)set->connections_max, (unsigned long long)set->pushed_out,
		(unsigned long long)set->told_full);
	set->pushed_out = set->told_full = 0;
}

/* Dropped ones stay in the list until the end of the turn. */
static bool push_out_oldest(struct conn_set *set)
{
	struct conn *conn = http_conn_oldest(set);

	if (conn == NULL)
		return false;
	log_debug("%s: closed to make room, it has sent no request", conn_peer(conn));
	conn_drop(conn);
	set->pushed_out++;
	return true;
}

bool entry_is_open(const struct conn_set *set)
{
	return set->surplus < SURPLUS_MAX;
}

void entry_begin(struct conn *conn)
{
	struct conn_set *set = conn->set;

	if (is_full(set) && !push_out_oldest(set)) {
		conn->is_surplus = true;
		set->surplus++;
	} else {
		tally_connect(&set->tally);
	}
	if (set->pushed_out > 0)
		log_full(set);
}

void entry_end(struct conn *conn)
{
	if (conn->is_surplus)
		conn->set->surplus--;
	else
		tally_disconnect(&conn->set->tally);
}

bool entry_admit(struct conn *conn)
{
	struct conn_set *set = conn->set;

	if (!conn->is_surplus)
		return true;
	if (is_full(set)) {
		set->told_full++;
		log_full(set);
		return false;
	}
	conn->is_surplus = false;
	set->surplus--;
	tally_connect(&set->tally);
	return true;
}
