/*
 * The master has the table, the workers have the broker: one of them speaks, the first whose broker
 * is there, and goes on until it dies, loses the broker, or does not answer a beat while another
 * could. What a new one did not hear is found out as everything else that was lost: it greets, and
 * all others say what should be known of them. Called by hub.c. SPDX-License-Identifier: MIT
 */
#include "daemon/hub_roster.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/hub_presence.h"
#include "daemon/master_state.h"
#include "daemon/pack.h"
#include "daemon/peers_kinds.h"
#include "daemon/process.h"
#include "daemon/roster_message.h"

static const struct config *config_of(const struct master *master)
{
	if (master->committed == NULL || !master->committed->is_right)
		return NULL;
	return &master->committed->config;
}

uint64_t hub_roster_host(const struct master *master)
{
	const struct config *config = config_of(master);

	return config == NULL || config->bus.driver.text == NULL ? 0 : master->hub.id;
}

/* ---- who speaks ------------------------------------------------------------------------- */

static void say(struct member *to, unsigned kind, struct span body)
{
	if (!bus_link_is_open(&to->link))
		return;
	channel_queue(&to->link.channel, kind, body, -1);
	bus_link_flush(&to->link);
}

static bool can_speak(const struct master *master, const struct member *member)
{
	return bus_link_is_open(&member->link) && master->hub.others.is_up[member->index];
}

/* NULL: none can. Who has answered the last beat comes before who has not. */
static struct member *best_speaker(struct master *master)
{
	struct hub_roster *others = &master->hub.others;
	struct member *best = others->speaker;

	if (best != NULL && !can_speak(master, best))
		best = NULL;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (!can_speak(master, member))
			continue;
		if (best == NULL || (others->is_late[best->index] && !others->is_late[i]))
			best = member;
	}
	return best;
}

static void choose(struct master *master)
{
	struct hub_roster *others = &master->hub.others;
	struct member *before = others->speaker, *best = best_speaker(master);
	struct buf farewell = {0};

	if (best == before)
		return;
	others->speaker = best;
	if (before != NULL)
		say(before, PEERS_HUSH, (struct span){0});
	if (best == NULL) {
		roster_set_offline(&others->roster);
		return;
	}
	roster_put_kind(&farewell, ROSTER_BYE);
	say(best, PEERS_SPEAK, buf_span(&farewell));
	buf_fini(&farewell);
	roster_greet(&others->roster);
}

static void take_state(struct master *master, const struct member *from, struct span body)
{
	uint64_t is_up;

	if (!pack_take_number(&body, &is_up))
		return;
	master->hub.others.is_up[from->index] = is_up != 0;
	master->hub.others.is_late[from->index] = false;
	choose(master);
}

void hub_roster_gone(struct master *master, const struct member *member)
{
	struct hub_roster *others = &master->hub.others;

	others->is_up[member->index] = others->is_late[member->index] = false;
	choose(master);
}

/* ---- what the roster asks for ----------------------------------------------------------- */

static void send_saying(void *context, struct span said, bool is_beat)
{
	struct master *master = context;
	struct hub_roster *others = &master->hub.others;
	struct member *speaker = others->speaker;
	struct buf body = {0};

	if (speaker == NULL || channel_queued(&speaker->link.channel) > speaker->link.bytes_max)
		return;
	others->is_late[speaker->index] |= is_beat;
	pack_number(&body, is_beat);
	pack_span(&body, said);
	say(speaker, PEERS_SAY, buf_span(&body));
	buf_fini(&body);
}

static bool has_room(void *context)
{
	const struct master *master = context;
	const struct member *speaker = master->hub.others.speaker;

	return speaker != NULL &&
	       channel_queued(&speaker->link.channel) <= speaker->link.bytes_max / 2;
}

static void tell(void *context, bool has_come, const struct presence_row *row)
{
	hub_presence_tell(context, has_come, row);
}

/* ---- what is heard ---------------------------------------------------------------------- */

static void take_heard(struct master *master, const struct member *from, struct span body)
{
	struct hub_roster *others = &master->hub.others;
	struct span said;
	uint64_t host;

	/* One that does not speak any more heard it from a broker that may be another. */
	if (from == others->speaker && pack_take_number(&body, &host) &&
		pack_take_span(&body, &said))
		roster_hear(&others->roster, host, said, process_now_ms());
}

void hub_roster_take(struct master *master, struct member *from, const struct message *message)
{
	if (message->fd >= 0)
		close(message->fd);
	if (message->kind == PEERS_STATE)
		take_state(master, from, message->body);
	else if (message->kind == PEERS_HEARD)
		take_heard(master, from, message->body);
}

/* ---- the master's loop ------------------------------------------------------------------ */

/* A beat is due, and the last one was not answered: perhaps somebody else speaks. */
static void look_at_speaker(struct master *master, uint64_t now)
{
	const struct hub_roster *others = &master->hub.others;

	if (others->speaker != NULL && others->is_late[others->speaker->index] &&
		now >= others->roster.beat_ms)
		choose(master);
}

void hub_roster_watch(struct master *master, struct poll_list *list)
{
	uint64_t now = process_now_ms();
	struct roster *roster = &master->hub.others.roster;
	const struct config *config = config_of(master);

	if (config == NULL)
		return;
	roster_set_limits(
		roster, &(const struct roster_limits){config->presence.interval_ms,
				config->presence.timeout_ms, config->presence.memory_bytes});
	if (config->bus.driver.text == NULL)
		roster_forget(roster);
	look_at_speaker(master, now);
	poll_list_until(list, roster_tick(roster, now));
}

void hub_roster_say_goodbye(struct master *master)
{
	roster_say_goodbye(&master->hub.others.roster);
}

void hub_roster_init(struct master *master)
{
	static const struct roster_ops ops = {send_saying, has_room, tell};

	roster_init(&master->hub.others.roster, &master->hub.present, master->hub.id, &ops, master);
}

void hub_roster_fini(struct master *master)
{
	roster_fini(&master->hub.others.roster);
}
