/*
 * The list is the master's because it outlives every worker. Bounded by what connections may have:
 * each worker sends what its own have said. Called by hub.c and hub_admin.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/hub_presence.h"

#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "call/presence.h"
#include "daemon/master_state.h"
#include "daemon/pack.h"

static void say(struct member *to, unsigned kind, struct buf *body)
{
	if (bus_link_is_open(&to->link)) {
		channel_queue(&to->link.channel, kind, buf_span(body), -1);
		bus_link_flush(&to->link);
	}
	buf_fini(body);
}

/* ---- who is there ----------------------------------------------------------------------- */

struct listing {
	json_t *members;
	uint64_t count;
};

static void add_row(void *context, const struct presence_row *row)
{
	struct listing *listing = context;

	if (listing->count++ < PRESENCE_LISTED_MAX)
		json_array_append_new(listing->members,
			json_pack("{s:I, s:s%}", "id", (json_int_t)row->id, "label",
				row->label.len == 0 ? "" : row->label.ptr, row->label.len));
}

void hub_presence_print(struct buf *out, const struct master *master, struct span topic)
{
	struct listing listing = {.members = json_array()};
	json_t *json;
	char *text;

	presence_table_each(&master->hub.present, topic, add_row, &listing);
	json = json_pack("{s:s, s:s%, s:I, s:o}", "event", "present", "topic", topic.ptr, topic.len,
		"count", (json_int_t)listing.count, "members", listing.members);
	text = json_dumps(json, JSON_COMPACT);
	buf_append_span(out, text == NULL ? SPAN("{}") : span_of(text));
	free(text);
	json_decref(json);
}

static void answer(struct master *master, struct member *to, uint64_t id, struct span topic)
{
	struct buf body = {0}, text = {0};

	/* It asks more than it reads; others have their turn. */
	if (channel_queued(&to->link.channel) > to->link.bytes_max)
		return;
	hub_presence_print(&text, master, topic);
	pack_number(&body, id);
	pack_span(&body, buf_span(&text));
	say(to, PRESENCE_LIST, &body);
	buf_fini(&text);
}

void hub_presence_take(struct master *master, struct member *from, const struct message *message)
{
	struct presence_table *present = &master->hub.present;
	struct span body = message->body, topic, label;
	uint64_t id;

	if (message->fd >= 0)
		close(message->fd);
	if (!pack_take_number(&body, &id) || !pack_take_span(&body, &topic))
		return;
	if (message->kind == PRESENCE_JOIN && pack_take_span(&body, &label))
		presence_table_add(present, from->index, id, topic, label);
	else if (message->kind == PRESENCE_LEAVE)
		presence_table_remove(present, id, topic);
	else if (message->kind == PRESENCE_ASK)
		answer(master, from, id, topic);
}

/* ---- ends ------------------------------------------------------------------------------- */

/* NULL: nobody is left who could hear it. */
static struct member *heir_of(struct master *master, const struct member *member)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *other = &master->crew.members[i];

		if (other != member && other->state == MEMBER_SERVING &&
			bus_link_is_open(&other->link))
			return other;
	}
	return NULL;
}

void hub_presence_gone(struct master *master, const struct member *member)
{
	struct member *heir = heir_of(master, member);
	struct presence_table *present = &master->hub.present;
	struct presence_row *row;

	while ((row = presence_table_first(present, member->index)) != NULL) {
		struct buf body = {0};

		pack_number(&body, row->id);
		pack_span(&body, row->topic);
		pack_span(&body, row->label);
		presence_table_drop(present, row);
		if (heir != NULL)
			say(heir, PRESENCE_GONE, &body);
		buf_fini(&body);
	}
}
