/*
 * Each message is read whole before anything of it counts. A part is right by itself, for those
 * whose `born` it spans and as of its version, so that one that is lost is repaired by the next
 * round; and what is older than what is known already is passed over, so that nothing depends on
 * the order in which messages come. Called by roster.c's callers. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/roster_peer.h"

enum {
	ANSWER_MS = 50,        /* between two beats, however many ask */
	TIMEOUT_MAX = 3600000, /* whatever another one says; as the key's range has it */
	WARN_MS = 5000,
};

static void judge(struct roster_peer *peer, const struct roster_beat *beat)
{
	bool is_same = beat->count == peer->rows.live && beat->digest == peer->rows.digest;

	peer->count = beat->count;
	peer->is_left_out = peer->is_left_out && !is_same;
	if (beat->version > peer->newest)
		peer->is_behind = true;
	else if (beat->version == peer->newest)
		peer->is_behind = !is_same && !peer->is_left_out;
}

static bool hear_beat(struct roster *roster, uint64_t host, struct span body, uint64_t now)
{
	struct roster_peer *peer = roster_peer_find(roster, host);
	struct roster_beat beat;

	if (!roster_take_beat(&body, &beat))
		return false;
	if (peer == NULL) {
		peer = roster_peer_make(roster, host);
		if (peer == NULL)
			return true;
		peer->newest = beat.version;
		log_info("presence: host %016" PRIx64 " is there, with %" PRIu64 " members", host,
			beat.count);
	}
	if (peer->is_leaving)
		return true;
	peer->heard_ms = now;
	peer->timeout_ms = beat.timeout_ms < TIMEOUT_MAX ? beat.timeout_ms : TIMEOUT_MAX;
	judge(peer, &beat);
	if (beat.wants_answer && roster->beat_ms > roster->last_beat_ms + ANSWER_MS)
		roster->beat_ms = roster->last_beat_ms + ANSWER_MS;
	return true;
}

static bool check_changes(struct span body)
{
	struct roster_change change;

	while (body.len > 0)
		if (!roster_take_change(&body, 0, &change))
			return false;
	return true;
}

static void apply(
	struct roster *roster, struct roster_peer *peer, const struct roster_change *change)
{
	struct presence_row *row;

	if (change->is_join) {
		roster_peer_add(roster, peer, &change->member);
		return;
	}
	row = roster_rows_find(&peer->rows, change->member.born);
	if (row != NULL)
		roster_peer_drop(roster, peer, row);
}

static bool hear_news(struct roster *roster, uint64_t host, struct span body, uint64_t now)
{
	struct roster_peer *peer = roster_peer_find(roster, host);
	struct roster_change change;
	uint64_t version;

	if (!roster_take_number(&body, &version) || version == 0 ||
		version > UINT64_MAX - body.len || !check_changes(body))
		return false;
	if (peer == NULL || peer->is_leaving)
		return true;
	peer->heard_ms = now;
	if (version > peer->newest + 1)
		peer->is_behind = true;
	for (; roster_take_change(&body, version, &change); version++) {
		if (version <= peer->newest)
			continue;
		peer->newest = version;
		apply(roster, peer, &change);
	}
	return true;
}

static bool check_members(const struct roster_part *part, struct span body)
{
	struct roster_member member = {.born = part->after};

	while (body.len > 0)
		if (!roster_take_member(&body, member.born, &member) || member.born > part->upto)
			return false;
	return true;
}

static void drop_unlisted(struct roster *roster, struct roster_peer *peer,
	const struct roster_part *part, struct span listed)
{
	struct roster_member member = {.born = part->after};
	bool has_one = roster_take_member(&listed, member.born, &member);

	for (size_t i = roster_rows_behind(&peer->rows, part->after);
		i < peer->rows.count && peer->rows.items[i].born <= part->upto; i++) {
		struct roster_item item = peer->rows.items[i];

		while (has_one && member.born < item.born)
			has_one = roster_take_member(&listed, member.born, &member);
		if (item.row != NULL && !(has_one && member.born == item.born))
			roster_peer_drop(roster, peer, item.row);
	}
}

static bool hear_part(struct roster *roster, uint64_t host, struct span body, uint64_t now)
{
	struct roster_peer *peer = roster_peer_find(roster, host);
	struct roster_member member = {0};
	struct roster_part part;

	if (!roster_take_part(&body, &part) || !check_members(&part, body))
		return false;
	if (peer == NULL || peer->is_leaving)
		return true;
	peer->heard_ms = now;
	peer->ask_ms = now + ROSTER_ASK_MS;
	peer->wait_ms = ROSTER_ASK_MS;
	if (part.version < peer->newest)
		return true;
	peer->newest = part.version;
	drop_unlisted(roster, peer, &part, body);
	member.born = part.after;
	while (roster_take_member(&body, member.born, &member))
		roster_peer_add(roster, peer, &member);
	return true;
}

static bool hear_ask(struct roster *roster, uint64_t host, struct span body, uint64_t now)
{
	uint64_t asked;

	(void)host;
	if (!roster_take_number(&body, &asked))
		return false;
	if (asked == roster->host)
		roster_want_walk(roster, now);
	return true;
}

static bool hear_bye(struct roster *roster, uint64_t host, struct span body, uint64_t now)
{
	struct roster_peer *peer = roster_peer_find(roster, host);

	(void)body;
	if (peer != NULL && !peer->is_leaving)
		roster_peer_let_go(peer, now + peer->timeout_ms, "it has said goodbye");
	return true;
}

static void refuse(struct roster *roster, uint64_t host, const char *why)
{
	roster->counts.refused++;
	if (clock_allows(&roster->refused_ms, WARN_MS))
		log_warn("presence: a message of host %016" PRIx64 " is refused: %s", host, why);
}

void roster_hear(struct roster *roster, uint64_t host, struct span body, uint64_t now_ms)
{
	static bool (*const hears[])(
		struct roster * roster, uint64_t host, struct span body, uint64_t now) = {
		[ROSTER_BEAT] = hear_beat,
		[ROSTER_NEWS] = hear_news,
		[ROSTER_PART] = hear_part,
		[ROSTER_ASK] = hear_ask,
		[ROSTER_BYE] = hear_bye,
	};
	uint64_t kind = 0;
	struct err why;

	if (host == 0 || host == roster->host)
		return;
	roster->counts.heard++;
	if (!roster_take_kind(&body, &kind, &why))
		refuse(roster, host, why.text);
	else if (kind >= sizeof(hears) / sizeof(hears[0]) || hears[kind] == NULL)
		refuse(roster, host, "of a kind that is not known here");
	else if (!hears[kind](roster, host, body, now_ms))
		refuse(roster, host, "it is cut off, or holds what cannot be");
}
