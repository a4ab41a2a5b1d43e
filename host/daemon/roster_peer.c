/*
 * A member is told to have come when its row is made and to have gone when that goes, which is why
 * no notice comes twice and none is missing. Called by roster.c and roster_hear.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/roster_peer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

enum { DROP_AT_ONCE = 1000, WARN_MS = 5000 };

/* ---- members of others ------------------------------------------------------------------ */

static size_t bytes_of(struct span topic, struct span label)
{
	return presence_row_bytes(topic, label) + ROSTER_ITEM_BYTES;
}

void roster_peer_drop(struct roster *roster, struct roster_peer *peer, struct presence_row *row)
{
	roster->ops->tell(roster->context, false, row);
	roster_rows_take(&peer->rows, row);
	roster->bytes -= bytes_of(row->topic, row->label);
	presence_table_drop(roster->table, row);
}

static void leave_out(struct roster *roster, struct roster_peer *peer)
{
	peer->is_left_out = true;
	if (clock_allows(&roster->full_ms, WARN_MS))
		log_warn("presence: members of host %016" PRIx64
			 " are left out: what is known of other hosts takes %zu bytes already "
			 "(`presence: {memory}` is %" PRIu64 ")",
			peer->host, roster->bytes, roster->limits.bytes_max);
}

void roster_peer_add(
	struct roster *roster, struct roster_peer *peer, const struct roster_member *member)
{
	size_t bytes = bytes_of(member->topic, member->label);
	struct presence_row *row;

	if (roster_rows_find(&peer->rows, member->born) != NULL)
		return;
	/* It has left and come again, and we heard of neither: one of them is told now. */
	row = presence_table_find(roster->table, peer->host, member->id, member->topic);
	if (row != NULL)
		roster_peer_drop(roster, peer, row);
	if (roster->bytes + bytes > roster->limits.bytes_max) {
		leave_out(roster, peer);
		return;
	}
	row = presence_table_add_other(
		roster->table, peer->host, member->id, member->topic, member->label);
	row->born = member->born;
	roster_rows_put(&peer->rows, row);
	roster->bytes += bytes;
	roster->ops->tell(roster->context, true, row);
}

/* ---- other hosts ------------------------------------------------------------------------ */

struct roster_peer *roster_peer_find(const struct roster *roster, uint64_t host)
{
	struct roster_peer *peer;

	TAILQ_FOREACH (peer, &roster->peers, next)
		if (peer->host == host)
			return peer;
	return NULL;
}

struct roster_peer *roster_peer_make(struct roster *roster, uint64_t host)
{
	struct roster_peer *peer;

	if (roster->peer_count == ROSTER_HOSTS_MAX) {
		roster->counts.hosts_left_out++;
		if (clock_allows(&roster->hosts_full_ms, WARN_MS))
			log_warn("presence: host %016" PRIx64
				 " is left out: %d others are known already",
				host, ROSTER_HOSTS_MAX);
		return NULL;
	}
	peer = xcalloc(1, sizeof(*peer));
	peer->host = host;
	peer->wait_ms = ROSTER_ASK_MS;
	TAILQ_INSERT_TAIL(&roster->peers, peer, next);
	roster->peer_count++;
	return peer;
}

void roster_peer_free(struct roster *roster, struct roster_peer *peer)
{
	struct presence_row *row;

	while ((row = roster_rows_last(&peer->rows)) != NULL) {
		roster->bytes -= bytes_of(row->topic, row->label);
		roster_rows_take(&peer->rows, row);
		presence_table_drop(roster->table, row);
	}
	TAILQ_REMOVE(&roster->peers, peer, next);
	roster->peer_count--;
	roster_rows_fini(&peer->rows);
	free(peer);
}

void roster_peer_let_go(struct roster_peer *peer, uint64_t forget_ms, const char *why)
{
	log_info("presence: host %016" PRIx64 " is gone with %zu members: %s", peer->host,
		peer->rows.live, why);
	peer->is_leaving = true;
	peer->forget_ms = forget_ms;
}

/* ---- time ------------------------------------------------------------------------------- */

/* In slices: each is a notice, and those have to leave. */
static void go_on_leaving(struct roster *roster, struct roster_peer *peer, uint64_t now)
{
	for (int i = 0; i < DROP_AT_ONCE && peer->rows.live > 0; i++)
		roster_peer_drop(roster, peer, roster_rows_last(&peer->rows));
	if (peer->rows.live > 0) {
		roster_until(roster, now);
	} else if (now < peer->forget_ms) {
		roster_until(roster, peer->forget_ms);
	} else {
		roster_peer_free(roster, peer);
	}
}

static void ask(struct roster *roster, struct roster_peer *peer, uint64_t now)
{
	struct buf body = {0};

	if (!peer->is_behind || !roster->is_online)
		return;
	if (now >= peer->ask_ms) {
		roster_put_kind(&body, ROSTER_ASK);
		roster_put_number(&body, peer->host);
		roster_send(roster, &body, false);
		buf_fini(&body);
		peer->ask_ms = now + peer->wait_ms;
		peer->wait_ms = 2 * peer->wait_ms < ROSTER_ASK_MAX_MS ? 2 * peer->wait_ms
								      : ROSTER_ASK_MAX_MS;
	}
	roster_until(roster, peer->ask_ms);
}

void roster_peer_look(struct roster *roster, struct roster_peer *peer, uint64_t now)
{
	if (!peer->is_leaving && now > peer->heard_ms + peer->timeout_ms)
		roster_peer_let_go(peer, now, "it was not heard of for as long as it said");
	if (peer->is_leaving) {
		go_on_leaving(roster, peer, now);
		return;
	}
	if (peer->is_left_out && roster->bytes < roster->limits.bytes_max / 8 * 7) {
		peer->is_left_out = false;
		peer->is_behind = true;
	}
	roster_until(roster, peer->heard_ms + peer->timeout_ms + 1);
	ask(roster, peer, now);
}
