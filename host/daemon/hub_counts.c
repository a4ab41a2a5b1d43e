/*
 * Counts are never lost, but for a while they may be old: a worker that does not read is not told
 * of changes, but of everything once half its queue is free. Called by hub.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/hub_counts.h"

#include <assert.h>

#include "base/log.h"
#include "daemon/count_kinds.h"
#include "daemon/master_state.h"
#include "daemon/pack.h"

enum { PART_FILTERS = 1000 }; /* of one message */

static_assert((int)TOPIC_COUNTS_SOURCES >= (int)CONFIG_WORKERS_MAX, "a source for each worker");

void hub_counts_init(struct master *master)
{
	topic_counts_init(&master->hub.counts.table);
}

void hub_counts_fini(struct master *master)
{
	topic_counts_fini(&master->hub.counts.table);
}

/* ---- telling ---------------------------------------------------------------------------- */

static bool has_room(const struct member *member)
{
	return channel_queued(&member->link.channel) <= member->link.bytes_max / 2;
}

static void pass_to_others(
	struct master *master, const struct member *from, unsigned kind, struct span body)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];
		bool *is_behind = &master->hub.counts.is_behind[i];

		if (i == from->index || !bus_link_is_open(&member->link))
			continue;
		*is_behind = *is_behind || !has_room(member);
		if (!*is_behind)
			channel_queue(&member->link.channel, kind, body, -1);
	}
}

/* Counts of one source on their way to one worker. */
struct telling {
	struct channel *to;
	unsigned source;
	struct buf body;
	size_t filters; /* in it */
};

static void send_part(struct telling *telling)
{
	if (telling->filters > 0)
		channel_queue(telling->to, COUNTS_TOLD, buf_span(&telling->body), -1);
	telling->body.len = telling->filters = 0;
}

static void tell(void *context, struct span filter, size_t count)
{
	struct telling *telling = context;

	if (telling->filters == 0)
		pack_number(&telling->body, telling->source);
	pack_span(&telling->body, filter);
	pack_number(&telling->body, count);
	if (++telling->filters == PART_FILTERS)
		send_part(telling);
}

void hub_counts_greet(struct master *master, struct member *member)
{
	struct telling telling = {.to = &member->link.channel};

	master->hub.counts.is_behind[member->index] = false;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		if (i == member->index)
			continue;
		telling.source = i;
		topic_counts_each(&master->hub.counts.table, i, tell, &telling);
		send_part(&telling);
	}
	buf_fini(&telling.body);
	channel_flush(telling.to);
}

void hub_counts_look(struct master *master, struct member *member)
{
	struct buf body = {0};

	if (!master->hub.counts.is_behind[member->index] || !has_room(member))
		return;
	pack_number(&body, COUNTS_OF_ALL);
	channel_queue(&member->link.channel, COUNTS_GONE, buf_span(&body), -1);
	buf_fini(&body);
	hub_counts_greet(master, member);
}

/* ---- being told ------------------------------------------------------------------------- */

static void warn_full(struct hub_counts *counts, const struct member *member)
{
	if (counts->has_warned[member->index])
		return;
	counts->has_warned[member->index] = true;
	log_warn("topics: worker %u has subscriptions to more than %d filters: those to further "
		 "ones are counted by sl_subscribers in that worker alone",
		member->index + 1, TOPIC_COUNTS_MAX);
}

void hub_counts_take(struct master *master, struct member *from, struct span body)
{
	struct hub_counts *counts = &master->hub.counts;
	struct buf news = {0};
	struct span filter;
	uint64_t count;

	pack_number(&news, from->index);
	while (pack_take_span(&body, &filter) && pack_take_number(&body, &count)) {
		if (topic_counts_set(&counts->table, from->index, filter, count)) {
			pack_span(&news, filter);
			pack_number(&news, count);
		} else if (topic_counts_is_full(&counts->table, from->index)) {
			warn_full(counts, from);
		}
	}
	if (news.len > sizeof(uint64_t))
		pass_to_others(master, from, COUNTS_TOLD, buf_span(&news));
	buf_fini(&news);
}

void hub_counts_gone(struct master *master, struct member *member)
{
	struct hub_counts *counts = &master->hub.counts;
	bool had_some = counts->table.sources[member->index].filters > 0;
	struct buf body = {0};

	counts->has_warned[member->index] = false;
	topic_counts_forget(&counts->table, member->index);
	if (!had_some)
		return;
	pack_number(&body, member->index);
	pass_to_others(master, member, COUNTS_GONE, buf_span(&body));
	buf_fini(&body);
}
