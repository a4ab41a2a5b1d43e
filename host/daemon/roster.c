/*
 * A change is told once, as news. A beat has the version and a digest; whoever finds that it has
 * something else asks, and all members are told anew, in parts. What others say is roster_hear.c's,
 * what is known of them roster_peer.c's. Called by hub_roster.c. SPDX-License-Identifier: MIT
 */
#include "daemon/roster.h"

#include "daemon/roster_message.h"
#include "daemon/roster_peer.h"

enum {
	WALK_LATER_MS = 20, /* hosts that ask together are told together */
	WALK_MS = 10,       /* between two bursts of parts */
	WALK_PARTS = 8,     /* of a burst */
	PAUSE_MS = 500,     /* later than that we did not look, and so heard nobody */
};

void roster_until(struct roster *roster, uint64_t ms)
{
	if (ms < roster->due_ms)
		roster->due_ms = ms;
}

/* ---- saying ----------------------------------------------------------------------------- */

void roster_send(struct roster *roster, const struct buf *body, bool is_beat)
{
	if (!roster->is_online || roster->is_over)
		return;
	roster->counts.sent++;
	roster->ops->send(roster->context, buf_span(body), is_beat);
}

static void send_beat(struct roster *roster)
{
	const struct roster_beat beat = {
		.version = roster->version,
		.count = roster->table->count,
		.digest = roster->digest,
		.timeout_ms = roster->limits.timeout_ms,
		.wants_answer = roster->wants_answer,
	};
	struct buf body = {0};

	roster_put_kind(&body, ROSTER_BEAT);
	roster_put_beat(&body, &beat);
	roster_send(roster, &body, true);
	buf_fini(&body);
	roster->wants_answer = false;
}

static void flush_news(struct roster *roster)
{
	struct buf body = {0};

	if (roster->news.len == 0)
		return;
	roster_put_kind(&body, ROSTER_NEWS);
	roster_put_number(&body, roster->news_from);
	buf_append_span(&body, buf_span(&roster->news));
	roster_send(roster, &body, false);
	buf_fini(&body);
	roster->news.len = 0;
}

/* A version more; NULL: nobody would hear of it. */
static struct buf *note(struct roster *roster)
{
	roster->version++;
	if (!roster->is_online)
		return NULL;
	if (roster->news.len >= ROSTER_BYTES)
		flush_news(roster);
	if (roster->news.len == 0)
		roster->news_from = roster->version;
	return &roster->news;
}

static struct roster_member member_of(const struct presence_row *row)
{
	return (struct roster_member){row->born, row->id, row->topic, row->label};
}

void roster_joined(struct roster *roster, struct presence_row *row)
{
	struct buf *news = note(roster);
	struct roster_member member;

	row->born = roster->version;
	roster->digest += roster_digest_of(row->born);
	/* All there were are told, or have left: it is the next one. */
	if (roster->walk.is_under_way && roster->walk.at == NULL)
		roster->walk.at = row;
	member = member_of(row);
	if (news != NULL)
		roster_put_join(news, &member);
}

void roster_leaves(struct roster *roster, struct presence_row *row)
{
	struct buf *news = note(roster);

	roster->digest -= roster_digest_of(row->born);
	if (roster->walk.at == row)
		roster->walk.at = TAILQ_NEXT(row, of_age);
	if (news != NULL)
		roster_put_leave(news, row->born);
}

/* ---- all of ours, in parts -------------------------------------------------------------- */

static void begin_walk(struct roster *roster, uint64_t now)
{
	roster->walk = (struct roster_walk){
		.is_under_way = true,
		.at = TAILQ_FIRST(&roster->table->of_age),
		.next_ms = now + WALK_LATER_MS,
	};
}

void roster_want_walk(struct roster *roster, uint64_t now)
{
	if (!roster->walk.is_under_way)
		begin_walk(roster, now);
	else if (roster->walk.after > 0)
		roster->walk.is_wanted_again = true;
}

static void send_part(struct roster *roster)
{
	struct roster_walk *walk = &roster->walk;
	struct roster_part part = {.version = roster->version, .after = walk->after};
	struct buf body = {0}, members = {0};

	part.upto = walk->after;
	while (walk->at != NULL && members.len < ROSTER_BYTES) {
		struct roster_member member = member_of(walk->at);

		roster_put_member(&members, part.upto, &member);
		part.upto = member.born;
		walk->at = TAILQ_NEXT(walk->at, of_age);
	}
	if (walk->at == NULL)
		part.upto = roster->version;
	roster_put_kind(&body, ROSTER_PART);
	roster_put_part(&body, &part);
	buf_append_span(&body, buf_span(&members));
	roster_send(roster, &body, false);
	walk->after = part.upto;
	buf_fini(&members);
	buf_fini(&body);
}

/* The beat behind it lets everybody see at once whether that was all. */
static void end_walk(struct roster *roster, uint64_t now)
{
	bool again = roster->walk.is_wanted_again;

	roster->walk = (struct roster_walk){0};
	if (again)
		begin_walk(roster, now);
	roster->beat_ms = now;
}

static void walk(struct roster *roster, uint64_t now)
{
	struct roster_walk *walk = &roster->walk;

	if (!walk->is_under_way)
		return;
	if (now >= walk->next_ms) {
		bool is_over = false;

		for (int i = 0; i < WALK_PARTS && !is_over; i++) {
			if (!roster->ops->has_room(roster->context))
				break;
			send_part(roster);
			is_over = walk->at == NULL;
		}
		walk->next_ms = now + WALK_MS;
		if (is_over)
			end_walk(roster, now);
	}
	if (walk->is_under_way)
		roster_until(roster, walk->next_ms);
}

/* ---- time ------------------------------------------------------------------------------- */

/* Whoever stands still hears nobody, which says nothing about the others. */
static void forgive_pause(struct roster *roster, uint64_t now)
{
	struct roster_peer *peer;
	uint64_t pause;

	if (roster->due_ms == UINT64_MAX || now <= roster->due_ms + PAUSE_MS)
		return;
	pause = now - roster->due_ms;
	TAILQ_FOREACH (peer, &roster->peers, next) {
		/* Some were heard already since we look again. */
		peer->heard_ms = peer->heard_ms + pause < now ? peer->heard_ms + pause : now;
		peer->forget_ms += pause;
	}
}

static void beat(struct roster *roster, uint64_t now)
{
	if (!roster->is_online || roster->is_over)
		return;
	if (roster->beat_ms > now + roster->limits.interval_ms)
		roster->beat_ms = now + roster->limits.interval_ms;
	if (now >= roster->beat_ms) {
		send_beat(roster);
		roster->last_beat_ms = now;
		roster->beat_ms = now + roster->limits.interval_ms;
	}
	roster_until(roster, roster->beat_ms);
}

uint64_t roster_tick(struct roster *roster, uint64_t now_ms)
{
	struct roster_peer *peer, *behind;

	forgive_pause(roster, now_ms);
	roster->due_ms = UINT64_MAX;
	flush_news(roster);
	walk(roster, now_ms);
	beat(roster, now_ms);
	for (peer = TAILQ_FIRST(&roster->peers); peer != NULL; peer = behind) {
		behind = TAILQ_NEXT(peer, next);
		roster_peer_look(roster, peer, now_ms);
	}
	return roster->due_ms;
}

/* ---- life ------------------------------------------------------------------------------- */

void roster_init(struct roster *roster, struct presence_table *table, uint64_t host,
	const struct roster_ops *ops, void *context)
{
	*roster = (struct roster){
		.ops = ops, .context = context, .table = table, .host = host, .due_ms = UINT64_MAX};
	TAILQ_INIT(&roster->peers);
}

void roster_fini(struct roster *roster)
{
	while (!TAILQ_EMPTY(&roster->peers))
		roster_peer_free(roster, TAILQ_FIRST(&roster->peers));
	buf_fini(&roster->news);
}

void roster_set_limits(struct roster *roster, const struct roster_limits *limits)
{
	roster->limits = *limits;
}

void roster_greet(struct roster *roster)
{
	roster->is_online = true;
	roster->wants_answer = true;
	roster->beat_ms = 0;
}

void roster_set_offline(struct roster *roster)
{
	roster->is_online = false;
	roster->news.len = 0;
	roster->walk = (struct roster_walk){0};
}

void roster_say_goodbye(struct roster *roster)
{
	struct buf body = {0};

	flush_news(roster);
	roster_put_kind(&body, ROSTER_BYE);
	roster_send(roster, &body, false);
	buf_fini(&body);
	roster->is_over = true;
}

void roster_forget(struct roster *roster)
{
	struct roster_peer *peer;

	roster_set_offline(roster);
	TAILQ_FOREACH (peer, &roster->peers, next)
		if (!peer->is_leaving)
			roster_peer_let_go(peer, 0, "there is no `bus` any more");
}

void roster_each(const struct roster *roster, uint64_t now_ms,
	void (*visit)(void *context, const struct roster_census *census), void *context)
{
	const struct roster_peer *peer;

	TAILQ_FOREACH (peer, &roster->peers, next) {
		struct roster_census census = {
			.host = peer->host,
			.members = peer->rows.live,
			.heard_ms = now_ms > peer->heard_ms ? now_ms - peer->heard_ms : 0,
			.is_behind = peer->is_behind,
			.is_leaving = peer->is_leaving,
		};

		if (peer->is_left_out && peer->count > peer->rows.live)
			census.left_out = peer->count - peer->rows.live;
		visit(context, &census);
	}
}
