/*
 * Knows no members, and topics only to keep some (hub_history.c): every other message goes to every
 * other worker, as bytes, in the order in which it came, so that a worker's subscription counts
 * from the moment that it made it. A worker that does not read has a queue of its own that is
 * bounded; nobody else waits for it, and one that sends without end gets its turn like all others.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/hub.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/bus_link.h"
#include "daemon/bus_message_pack.h"
#include "daemon/count_kinds.h"
#include "daemon/hub_admin.h"
#include "daemon/hub_counts.h"
#include "daemon/hub_history.h"
#include "daemon/hub_presence.h"
#include "daemon/hub_roster.h"
#include "daemon/master_state.h"
#include "daemon/message_kinds.h"
#include "daemon/pack.h"
#include "daemon/peers_kinds.h"

enum { ROUND_MESSAGES = 1000, ROUND_BYTES = 1024 * 1024 }; /* of one worker, then others' turn */

void hub_init(struct master *master)
{
	if (getrandom(&master->hub.id, sizeof(master->hub.id), GRND_NONBLOCK) < 0)
		master->hub.id = process_now_ms() << 20 | (uint64_t)getpid();
	topic_history_init(&master->hub.history, master->hub.id);
	hub_counts_init(master);
	presence_table_init(&master->hub.present);
	hub_roster_init(master);
}

void hub_fini(struct master *master)
{
	hub_roster_fini(master);
	presence_table_fini(&master->hub.present);
	topic_history_fini(&master->hub.history);
	hub_counts_fini(master);
}

void hub_connect(struct master *master, struct member *member)
{
	struct buf body = {0};
	struct err why;
	int ends[2];

	if (!channel_pair(ends, &why)) {
		log_error("topics: worker %u hears nothing of the others: %s", member->index + 1,
			why.text);
		return;
	}
	bus_link_open(&member->link, ends[0]);
	hub_counts_greet(master, member);
	pack_number(&body, master->hub.id);
	channel_send(&member->channel, TO_BUS, buf_span(&body), ends[1]);
	buf_fini(&body);
	close(ends[1]);
}

/* ---- passing on ------------------------------------------------------------------------- */

static void pass(struct member *to, const struct message *message)
{
	struct span topic;
	uint64_t count;
	char name[24];

	snprintf(name, sizeof(name), "worker %u", to->index + 1);
	if (message->kind == BUS_MESSAGE)
		bus_link_pass(&to->link, message->body, name);
	else if (bus_loss_unpack(message->body, &topic, &count))
		bus_link_pass_loss(&to->link, topic, count);
}

/* From NULL: to all. */
static void pass_to_others(
	struct master *master, const struct member *from, const struct message *message)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (member != from && bus_link_is_open(&member->link))
			pass(member, message);
	}
}

void hub_publish(struct master *master, struct span topic, struct span text)
{
	const struct bus_message published = {
		.topic = topic, .opcode = WS_TEXT, .payload = text, .host = master->hub.id};
	struct buf body = {0};

	bus_message_pack(&body, &published);
	if (topic_history_keeps(&master->hub.history, topic))
		hub_history_keep(master, buf_span(&body));
	else
		pass_to_others(master, NULL,
			&(const struct message){.kind = BUS_MESSAGE, .body = buf_span(&body)});
	buf_fini(&body);
}

static void take_message(struct master *master, struct member *from, const struct message *message)
{
	if (message->fd >= 0)
		close(message->fd);
	if (message->kind == BUS_KEEP) {
		hub_history_keep(master, message->body);
	} else if (message->kind == BUS_RECALL) {
		hub_history_recall(master, from, message->body);
	} else {
		hub_history_note(master, message);
		pass_to_others(master, from, message);
	}
}

static void flush_all(struct master *master)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (bus_link_is_open(&master->crew.members[i].link))
			bus_link_flush(&master->crew.members[i].link);
}

/* True: more may be there already, whatever poll says. */
static bool take(struct master *master, struct member *member)
{
	struct channel *channel = &member->link.channel;
	enum channel_state state = CHANNEL_EMPTY;
	struct message message;
	size_t bytes = 0;

	for (int i = 0; i < ROUND_MESSAGES && bytes < ROUND_BYTES; i++) {
		state = channel_receive(channel, &message);
		if (state != CHANNEL_MESSAGE)
			break;
		bytes += message.body.len;
		if (message.kind >= PEERS_FIRST)
			hub_roster_take(master, member, &message);
		else if (message.kind >= PRESENCE_FIRST)
			hub_presence_take(master, member, &message);
		else if (message.kind >= ADMIN_FIRST)
			hub_admin_take(master, member, &message);
		else if (message.kind == COUNTS_TOLD)
			hub_counts_take(master, member, message.body);
		else
			take_message(master, member, &message);
	}
	if (state == CHANNEL_ENDED)
		bus_link_close(&member->link);
	flush_all(master);
	return state == CHANNEL_MESSAGE;
}

static void link_on_ready(void *context, void *arg)
{
	struct member *member = arg;

	bus_link_flush(&member->link);
	member->link_has_more = take(context, member);
}

void hub_watch(struct master *master, struct poll_list *list)
{
	hub_history_configure(master);
	hub_admin_watch(master, list);
	hub_roster_watch(master, list);
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (!bus_link_is_open(&member->link))
			continue;
		member->link.bytes_max = master->committed->config.topics.queue_bytes;
		hub_counts_look(master, member);
		/* Its turn: what it has left over may all be here, and no event would tell. */
		if (member->link_has_more)
			link_on_ready(master, member);
		if (member->link_has_more)
			poll_list_until(list, 0);
		poll_list_add(list, member->link.channel.fd,
			channel_is_full(&member->link.channel) ? POLLIN | POLLOUT : POLLIN,
			link_on_ready, member);
	}
}

void hub_disconnect(struct master *master, struct member *member)
{
	/* A dead process sends no more: this ends. */
	while (bus_link_is_open(&member->link) && take(master, member))
		continue;
	if (bus_link_is_open(&member->link))
		bus_link_close(&member->link);
	hub_presence_gone(master, member);
	hub_roster_gone(master, member);
	flush_all(master);
	hub_admin_gone(master, member);
	hub_counts_gone(master, member);
}
