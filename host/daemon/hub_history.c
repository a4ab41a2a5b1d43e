/*
 * What is kept is what the workers are sent, as bytes; its number stands at their end. A worker
 * that serves by older rules may publish past the history, which then knows that it has a gap.
 * Called by hub.c. SPDX-License-Identifier: MIT
 */
#include "daemon/hub_history.h"

#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "daemon/bus_message_pack.h"
#include "daemon/master_state.h"

/* ---- rules ------------------------------------------------------------------------------ */

static bool is_same(const struct topic_history *history, const struct topics_conf *conf)
{
	if (history->rule_count != conf->history_count)
		return false;
	for (size_t i = 0; i < conf->history_count; i++) {
		const struct history_rule *rule = &history->rules[i];

		if (strcmp(rule->filter, conf->history[i].filter.text) != 0 ||
			rule->messages != conf->history[i].messages ||
			rule->time_ms != conf->history[i].time_ms)
			return false;
	}
	return true;
}

void hub_history_configure(struct master *master)
{
	static const struct topics_conf nothing = {.history_bytes = 64 * 1024};
	struct topic_history *history = &master->hub.history;
	const struct topics_conf *conf;
	struct history_rule *rules;

	if (master->committed == NULL || !master->committed->is_right)
		return;
	conf = &master->committed->config.topics;
	if (conf->history_store == HISTORY_ON_BUS)
		conf = &nothing;
	if (history->bytes_max != conf->history_bytes)
		topic_history_set_bytes(history, conf->history_bytes);
	if (is_same(history, conf))
		return;
	rules = xcalloc(conf->history_count + 1, sizeof(*rules));
	for (size_t i = 0; i < conf->history_count; i++)
		rules[i] = (struct history_rule){conf->history[i].filter.text,
			conf->history[i].messages, conf->history[i].time_ms};
	topic_history_set_rules(history, rules, conf->history_count);
	free(rules);
}

/* ---- in --------------------------------------------------------------------------------- */

static void pass_to_all(struct master *master, struct span body)
{
	char name[24];

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		snprintf(name, sizeof(name), "worker %u", i + 1);
		if (bus_link_is_open(&member->link))
			bus_link_pass_numbered(&member->link, body, name);
	}
}

void hub_history_keep(struct master *master, struct span body)
{
	struct topic_history *history = &master->hub.history;
	struct kept_message *kept;
	struct span topic;
	uint64_t number;
	struct buf copy = {0};

	if (!bus_topic_unpack(body, &topic) || body.len < BUS_NUMBER_BYTES)
		return;
	kept = topic_history_add(history, topic, body, process_now_ms(), &number);
	buf_append_span(&copy, (struct span){body.ptr, body.len - BUS_NUMBER_BYTES});
	buf_append(&copy, &number, sizeof(number));
	if (kept != NULL)
		memcpy(kept->bytes, copy.data, copy.len);
	pass_to_all(master, buf_span(&copy));
	buf_fini(&copy);
}

void hub_history_note(struct master *master, const struct message *message)
{
	struct topic_history *history = &master->hub.history;
	struct span topic;

	if (history->rule_count > 0 && message->kind == BUS_MESSAGE &&
		bus_topic_unpack(message->body, &topic) && topic_history_keeps(history, topic))
		topic_history_break(history, topic);
}

/* ---- out -------------------------------------------------------------------------------- */

static void answer(
	struct member *to, const struct bus_recall *recall, const struct kept_message *message)
{
	struct buf body = {0};

	bus_past_pack(&body, recall->conn, recall->serial);
	buf_append(&body, message->bytes, message->len);
	channel_queue(&to->link.channel, BUS_PAST, buf_span(&body), -1);
	buf_fini(&body);
}

static void answer_over(struct member *to, const struct bus_recall *recall,
	enum bus_recalled outcome, uint64_t number)
{
	struct buf body = {0};

	bus_past_over_pack(&body, recall->conn, recall->serial, outcome, number);
	channel_queue(&to->link.channel, BUS_PAST_OVER, buf_span(&body), -1);
	buf_fini(&body);
}

/* The worker asks for few at a time: its link's queue is no measure for them. */
static void answer_all(struct master *master, struct member *to, const struct bus_recall *recall)
{
	const struct topic_history *history = &master->hub.history;
	const struct kept_message *message = topic_history_after(
		history, recall->filter, recall->after);
	uint64_t bytes = 0, number = recall->after;

	for (; message != NULL && (bytes == 0 || bytes + message->len <= recall->bytes);
		message = topic_history_next(message, recall->filter)) {
		answer(to, recall, message);
		bytes += message->len;
		number = message->number;
	}
	if (message != NULL)
		answer_over(to, recall, BUS_RECALLED_PART, number);
	else
		answer_over(to, recall, BUS_RECALLED, history->last);
}

void hub_history_recall(struct master *master, struct member *from, struct span body)
{
	struct topic_history *history = &master->hub.history;
	struct bus_recall recall;

	if (!bus_recall_unpack(body, &recall) || recall.filter.len == 0)
		return;
	if (recall.after == BUS_NOW)
		answer_over(from, &recall, BUS_RECALLED, history->last);
	else if (topic_history_knows(history, recall.filter, recall.after, process_now_ms()))
		answer_all(master, from, &recall);
	else
		answer_over(from, &recall, BUS_RECALLED_LOST, 0);
}
