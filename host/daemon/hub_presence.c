/*
 * The list is the master's because it outlives every worker. Ours are bounded by what connections
 * may have: each worker sends what its own have said; those of other hosts are roster.c's. Who
 * comes and goes here tells the worker, who has died or is elsewhere tells the master, so that each
 * is told once. Called by hub.c, hub_admin.c and hub_roster.c. SPDX-License-Identifier: MIT
 */
#include "daemon/hub_presence.h"

#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "call/presence.h"
#include "daemon/hub.h"
#include "daemon/hub_roster.h"
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
	uint64_t count, own; /* this host, or 0 */
};

/* Its number where that matters; 0: it does not. */
static uint64_t host_of(const struct presence_row *row, uint64_t own)
{
	return row->host != 0 ? row->host : own;
}

static void add_row(void *context, const struct presence_row *row)
{
	struct listing *listing = context;
	uint64_t host = host_of(row, listing->own);
	char text[PRESENCE_HOST_SIZE];
	json_t *json;

	if (listing->count++ >= PRESENCE_LISTED_MAX)
		return;
	json = json_object();
	presence_print_host(text, host);
	if (host != 0)
		json_object_set_new(json, "host", json_string(text));
	json_object_set_new(json, "id", json_integer((json_int_t)row->id));
	json_object_set_new(json, "label",
		json_stringn(row->label.len == 0 ? "" : row->label.ptr, row->label.len));
	json_array_append_new(listing->members, json);
}

void hub_presence_print(struct buf *out, const struct master *master, struct span topic)
{
	struct listing listing = {.members = json_array(), .own = hub_roster_host(master)};
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

/* NULL: it was not there. */
static void remove_row(struct master *master, struct presence_row *row)
{
	if (row == NULL)
		return;
	roster_leaves(&master->hub.others.roster, row);
	presence_table_drop(&master->hub.present, row);
}

void hub_presence_take(struct master *master, struct member *from, const struct message *message)
{
	struct presence_table *present = &master->hub.present;
	struct roster *roster = &master->hub.others.roster;
	struct span body = message->body, topic, label;
	uint64_t id;

	if (message->fd >= 0)
		close(message->fd);
	if (!pack_take_number(&body, &id) || !pack_take_span(&body, &topic))
		return;
	if (message->kind == PRESENCE_JOIN && pack_take_span(&body, &label))
		roster_joined(roster, presence_table_add(present, from->index, id, topic, label));
	else if (message->kind == PRESENCE_LEAVE)
		remove_row(master, presence_table_find(present, 0, id, topic));
	else if (message->kind == PRESENCE_ASK)
		answer(master, from, id, topic);
}

/* ---- notices ---------------------------------------------------------------------------- */

void hub_presence_tell(struct master *master, bool has_come, const struct presence_row *row)
{
	const struct presence_notice notice = {
		.has_come = has_come,
		.topic = row->topic,
		.label = row->label,
		.host = host_of(row, hub_roster_host(master)),
		.id = row->id,
	};
	struct buf topic = {0}, text = {0};

	presence_print_topic(&topic, row->topic);
	presence_print_notice(&text, &notice);
	hub_publish(master, buf_span(&topic), buf_span(&text));
	buf_fini(&topic);
	buf_fini(&text);
}

void hub_presence_gone(struct master *master, const struct member *member)
{
	struct presence_row *row;

	while ((row = presence_table_first(&master->hub.present, member->index)) != NULL) {
		hub_presence_tell(master, false, row);
		remove_row(master, row);
	}
}
