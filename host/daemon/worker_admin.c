/*
 * Packs and unpacks, nothing else: call/admin.c knows what is asked, hub_admin.c who is. Called by
 * worker_bus.c. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_admin.h"

#include "daemon/admin_kinds.h"
#include "daemon/pack.h"
#include "daemon/worker_bus.h"

static struct worker_bus *bus_of(struct admin_link *link)
{
	/* The first member. */
	return ((struct worker_admin *)(void *)link)->bus;
}

static bool say(struct worker_bus *bus, unsigned kind, struct buf *body)
{
	bool is_said = worker_bus_say(bus, kind, buf_span(body));

	buf_fini(body);
	return is_said;
}

static bool ask_others(struct admin_link *link, uint64_t id, struct span question)
{
	struct buf body = {0};

	pack_number(&body, id);
	pack_span(&body, question);
	return say(bus_of(link), ADMIN_ASK, &body);
}

static bool ask_master(
	struct admin_link *link, uint64_t id, enum admin_to_master what, struct span text)
{
	struct buf body = {0};

	pack_number(&body, id);
	pack_number(&body, what);
	pack_span(&body, text);
	return say(bus_of(link), ADMIN_MASTER, &body);
}

/* ---- in --------------------------------------------------------------------------------- */

static void answer(struct worker_admin *admin, struct span body)
{
	struct buf text = {0}, out = {0};
	struct span question;
	uint64_t asker, id;

	if (!pack_take_number(&body, &asker) || !pack_take_number(&body, &id) ||
		!pack_take_span(&body, &question))
		return;
	admin_question(admin->bus->host, question, &text);
	pack_number(&out, asker);
	pack_number(&out, id);
	pack_span(&out, buf_span(&text));
	say(admin->bus, ADMIN_ANSWER, &out);
	buf_fini(&text);
}

void worker_admin_take(struct worker_admin *admin, const struct message *message)
{
	struct span body = message->body, text;
	uint64_t id, count;

	if (message->kind == ADMIN_ASK) {
		answer(admin, body);
		return;
	}
	if (!pack_take_number(&body, &id))
		return;
	if (message->kind == ADMIN_ASKED && pack_take_number(&body, &count))
		admin_asked(admin->bus->host, id, (unsigned)count);
	if (message->kind == ADMIN_ANSWER && pack_take_span(&body, &text))
		admin_answered(admin->bus->host, id, text);
}

void worker_admin_init(struct worker_admin *admin, struct worker_bus *bus)
{
	static const struct admin_link_ops ops = {ask_others, ask_master};

	admin->link.ops = &ops;
	admin->bus = bus;
	bus->admin = admin;
	admin_set_link(bus->host, &admin->link);
}
