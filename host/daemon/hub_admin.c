/*
 * Keeps nothing of a question: who asks counts the answers. Workers that do not read what is meant
 * for them are passed over, and then miss in that count. Called by hub.c and control.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/hub_admin.h"

#include <stdlib.h>
#include <unistd.h>

#include "call/admin.h"
#include "daemon/hub_presence.h"
#include "daemon/master_state.h"
#include "daemon/pack.h"
#include "daemon/process.h"

enum { BEHIND_BYTES = 1024 * 1024 }; /* beyond `topics: {queue}` */

static bool is_listening(const struct member *member)
{
	return bus_link_is_open(&member->link) &&
	       channel_queued(&member->link.channel) <= member->link.bytes_max + BEHIND_BYTES;
}

static void say(struct member *to, unsigned kind, struct buf *body)
{
	if (is_listening(to)) {
		channel_queue(&to->link.channel, kind, buf_span(body), -1);
		bus_link_flush(&to->link);
	}
	buf_fini(body);
}

static void answer(struct member *to, uint64_t id, struct span text)
{
	struct buf body = {0};

	pack_number(&body, id);
	pack_span(&body, text);
	say(to, ADMIN_ANSWER, &body);
}

/* ---- questions to all ------------------------------------------------------------------- */

static void ask(struct member *to, const struct member *asker, uint64_t id, struct span question)
{
	struct buf body = {0};

	pack_number(&body, asker->index);
	pack_number(&body, id);
	pack_span(&body, question);
	say(to, ADMIN_ASK, &body);
}

static void ask_others(struct master *master, struct member *asker, struct span body)
{
	struct buf asked = {0};
	struct span question;
	uint64_t id, count = 0;

	if (!pack_take_number(&body, &id) || !pack_take_span(&body, &question))
		return;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (member == asker || !bus_link_is_open(&member->link))
			continue;
		ask(member, asker, id, question);
		count++;
	}
	pack_number(&asked, id);
	pack_number(&asked, count);
	say(asker, ADMIN_ASKED, &asked);
}

static void pass_answer(struct master *master, struct span body)
{
	struct span text;
	uint64_t index, id;

	if (pack_take_number(&body, &index) && pack_take_number(&body, &id) &&
		pack_take_span(&body, &text) && index < CONFIG_WORKERS_MAX)
		answer(&master->crew.members[index], id, text);
}

/* ---- questions to the master ------------------------------------------------------------ */

static void await_status(
	struct master *master, const struct member *from, uint64_t id, bool metrics)
{
	struct hub_admin *admin = &master->hub.admin;

	if (admin->wait_count == HUB_ADMIN_WAITS_MAX)
		return;
	admin->waits[admin->wait_count].index = from->index;
	admin->waits[admin->wait_count].id = id;
	admin->waits[admin->wait_count++].is_metrics = metrics;
	status_ask(master);
}

void hub_admin_watch(const struct master *master, struct poll_list *list)
{
	if (master->hub.admin.wait_count > 0)
		poll_list_until(list, status_due_ms(master));
}

void hub_admin_tell_status(struct master *master)
{
	struct hub_admin *admin = &master->hub.admin;

	for (unsigned i = 0; i < admin->wait_count; i++) {
		struct buf text = {0};

		status_print(
			&text, master, admin->waits[i].is_metrics ? STATUS_METRICS : STATUS_JSON);
		answer(&master->crew.members[admin->waits[i].index], admin->waits[i].id,
			buf_span(&text));
		buf_fini(&text);
	}
	admin->wait_count = 0;
}

static void claim_key(
	struct master *master, struct member *from, const struct key_claim *claim, struct span body)
{
	static const char *const names[] = {
		[KEY_NEW] = "new", [KEY_BUSY] = "busy", [KEY_DONE] = "done"};
	struct span key = body, window = span_cut(&key, '\n');

	/* Digits, and the line end behind them. */
	if (window.len > 0 && key.len == KEY_MEMORY_BYTES)
		answer(from, claim->id,
			span_of(names[key_memory_claim(&master->hub.admin.keys, key, claim,
				process_now_ms(), strtoull(window.ptr, NULL, 10))]));
}

static void answer_present(
	struct master *master, struct member *from, uint64_t id, struct span topic)
{
	struct buf text = {0};

	hub_presence_print(&text, master, topic);
	answer(from, id, buf_span(&text));
	buf_fini(&text);
}

static void take_question(struct master *master, struct member *from, struct span body)
{
	struct key_memory *keys = &master->hub.admin.keys;
	struct key_claim claim = {.holder = from->index};
	struct span text;
	uint64_t what;

	if (!pack_take_number(&body, &claim.id) || !pack_take_number(&body, &what) ||
		!pack_take_span(&body, &text))
		return;
	if (what == ADMIN_STATUS_JSON || what == ADMIN_STATUS_METRICS)
		await_status(master, from, claim.id, what == ADMIN_STATUS_METRICS);
	else if (what == ADMIN_PRESENT)
		answer_present(master, from, claim.id, text);
	else if (what == ADMIN_KEY_CLAIM)
		claim_key(master, from, &claim, text);
	else if (what == ADMIN_KEY_DONE && text.len == KEY_MEMORY_BYTES)
		key_memory_done(keys, text, &claim);
	else if (what == ADMIN_KEY_RELEASE && text.len == KEY_MEMORY_BYTES)
		key_memory_release(keys, text, &claim);
}

void hub_admin_take(struct master *master, struct member *from, const struct message *message)
{
	if (message->fd >= 0)
		close(message->fd);
	if (message->kind == ADMIN_ASK)
		ask_others(master, from, message->body);
	else if (message->kind == ADMIN_ANSWER)
		pass_answer(master, message->body);
	else if (message->kind == ADMIN_MASTER)
		take_question(master, from, message->body);
}

/* ---- ends ------------------------------------------------------------------------------- */

void hub_admin_gone(struct master *master, const struct member *member)
{
	struct hub_admin *admin = &master->hub.admin;
	unsigned kept = 0;

	key_memory_release_all(&admin->keys, member->index);
	for (unsigned i = 0; i < admin->wait_count; i++)
		if (admin->waits[i].index != member->index)
			admin->waits[kept++] = admin->waits[i];
	admin->wait_count = kept;
}

void hub_admin_fini(struct hub_admin *admin)
{
	key_memory_fini(&admin->keys);
}
