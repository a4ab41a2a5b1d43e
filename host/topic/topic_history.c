/*
 * Messages hang in two lists, of their topic and of all; what has to go goes from the front. Of
 * each topic the highest number that has gone stays known as long as the topic is here, and of
 * topics that are not here the highest of all, so that a doubt is always told and never a guess.
 * Called by daemon/hub_history.c. SPDX-License-Identifier: MIT
 */
#include "topic/topic_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "topic/topic_name.h"

enum { FIRST_BUCKETS = 64 };

struct kept_topic {
	struct kept_topic *next;
	TAILQ_ENTRY(kept_topic) of_empties;
	struct kept_messages messages;
	size_t count;
	const struct history_rule *rule;
	uint64_t gone; /* the highest number that was here and is not, or may have been */
	uint8_t len;
	char name[];
};

static struct span name_of(const struct kept_topic *topic)
{
	return (struct span){topic->name, topic->len};
}

/* ---- topics, by hash -------------------------------------------------------------------- */

static struct kept_topic **bucket_of(const struct topic_history *history, struct span name)
{
	uint64_t hash = history->seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 0x100000001b3u;
	return &history->buckets[(hash ^ hash >> 32) & (history->bucket_count - 1)];
}

static struct kept_topic *find(const struct topic_history *history, struct span name)
{
	struct kept_topic *topic = *bucket_of(history, name);

	while (topic != NULL && !span_equal(name_of(topic), name))
		topic = topic->next;
	return topic;
}

static void grow(struct topic_history *history)
{
	struct kept_topic **old = history->buckets;
	size_t count = history->bucket_count;

	history->bucket_count = count * 2;
	history->buckets = xcalloc(history->bucket_count, sizeof(struct kept_topic *));
	for (size_t i = 0; i < count; i++)
		for (struct kept_topic *topic = old[i], *next; topic != NULL; topic = next) {
			struct kept_topic **bucket = bucket_of(history, name_of(topic));

			next = topic->next;
			topic->next = *bucket;
			*bucket = topic;
		}
	free(old);
}

static const struct history_rule *rule_of(const struct topic_history *history, struct span name)
{
	for (size_t i = 0; i < history->rule_count; i++)
		if (topic_filter_matches(span_of(history->rules[i].filter), name))
			return &history->rules[i];
	return NULL;
}

bool topic_history_keeps(const struct topic_history *history, struct span topic)
{
	return rule_of(history, topic) != NULL;
}

/* NULL: no rule is for it. */
static struct kept_topic *find_or_add(struct topic_history *history, struct span name)
{
	struct kept_topic *topic = find(history, name), **bucket;
	const struct history_rule *rule = topic == NULL ? rule_of(history, name) : NULL;

	if (topic != NULL || rule == NULL)
		return topic;
	if (history->topic_count >= history->bucket_count)
		grow(history);
	topic = xcalloc(1, sizeof(*topic) + name.len);
	TAILQ_INIT(&topic->messages);
	topic->rule = rule;
	topic->gone = history->forgotten;
	topic->len = (uint8_t)name.len;
	memcpy(topic->name, name.ptr, name.len);
	bucket = bucket_of(history, name);
	topic->next = *bucket;
	*bucket = topic;
	TAILQ_INSERT_TAIL(&history->empties, topic, of_empties);
	history->topic_count++;
	history->bytes += sizeof(*topic) + name.len;
	return topic;
}

/* ---- leaving ---------------------------------------------------------------------------- */

static void drop_first(struct topic_history *history, struct kept_topic *topic)
{
	struct kept_message *message = TAILQ_FIRST(&topic->messages);

	topic->gone = message->number;
	TAILQ_REMOVE(&topic->messages, message, of_topic);
	TAILQ_REMOVE(&history->all, message, of_all);
	history->bytes -= sizeof(*message) + message->len;
	history->message_count--;
	if (--topic->count == 0)
		TAILQ_INSERT_TAIL(&history->empties, topic, of_empties);
	free(message);
}

static void drop_all(struct topic_history *history, struct kept_topic *topic)
{
	while (topic->count > 0)
		drop_first(history, topic);
}

/* It is empty. */
static void topic_drop(struct topic_history *history, struct kept_topic *topic)
{
	struct kept_topic **at = bucket_of(history, name_of(topic));

	while (*at != topic)
		at = &(*at)->next;
	*at = topic->next;
	TAILQ_REMOVE(&history->empties, topic, of_empties);
	if (topic->gone > history->forgotten)
		history->forgotten = topic->gone;
	history->topic_count--;
	history->bytes -= sizeof(*topic) + topic->len;
	free(topic);
}

static void forget_old(struct topic_history *history, struct kept_topic *topic, uint64_t now_ms)
{
	uint64_t time_ms = topic->rule->time_ms;

	while (topic->count > topic->rule->messages)
		drop_first(history, topic);
	while (topic->count > 0 && now_ms - TAILQ_FIRST(&topic->messages)->at_ms > time_ms)
		drop_first(history, topic);
}

/* Topics that have nothing any more go first: of them only the names are lost. */
static void make_room(struct topic_history *history, size_t bytes)
{
	while (history->bytes + bytes > history->bytes_max) {
		if (!TAILQ_EMPTY(&history->empties))
			topic_drop(history, TAILQ_FIRST(&history->empties));
		else if (!TAILQ_EMPTY(&history->all))
			drop_first(history, TAILQ_FIRST(&history->all)->topic);
		else
			break;
	}
}

/* ---- in --------------------------------------------------------------------------------- */

static struct kept_message *append(
	struct topic_history *history, struct kept_topic *topic, struct span bytes, uint64_t now_ms)
{
	struct kept_message *message = xmalloc(sizeof(*message) + bytes.len);

	message->topic = topic;
	message->number = history->last;
	message->at_ms = now_ms;
	message->len = bytes.len;
	memcpy(message->bytes, bytes.ptr, bytes.len);
	if (topic->count++ == 0)
		TAILQ_REMOVE(&history->empties, topic, of_empties);
	TAILQ_INSERT_TAIL(&topic->messages, message, of_topic);
	TAILQ_INSERT_TAIL(&history->all, message, of_all);
	history->message_count++;
	history->bytes += sizeof(*message) + message->len;
	return message;
}

struct kept_message *topic_history_add(struct topic_history *history, struct span name,
	struct span bytes, uint64_t now_ms, uint64_t *number)
{
	size_t needed = sizeof(struct kept_message) + bytes.len + sizeof(struct kept_topic) +
			name.len;
	struct kept_topic *topic;
	struct kept_message *message;

	*number = ++history->last;
	make_room(history, needed);
	topic = history->bytes + needed > history->bytes_max ? NULL : find_or_add(history, name);
	if (topic == NULL) {
		topic_history_break(history, name);
		return NULL;
	}
	message = append(history, topic, bytes, now_ms);
	forget_old(history, topic, now_ms);
	return message;
}

void topic_history_break(struct topic_history *history, struct span name)
{
	struct kept_topic *topic = find(history, name);

	history->last++;
	if (topic == NULL) {
		history->forgotten = history->last;
		return;
	}
	drop_all(history, topic);
	topic->gone = history->last;
}

/* ---- out -------------------------------------------------------------------------------- */

bool topic_history_knows(
	struct topic_history *history, struct span filter, uint64_t after, uint64_t now_ms)
{
	uint64_t gone = history->forgotten;

	if (!topic_filter_is_wild(filter)) {
		struct kept_topic *topic = find(history, filter);

		if (topic != NULL)
			forget_old(history, topic, now_ms);
		if (topic != NULL)
			gone = topic->gone;
		return after == 0 || (after <= history->last && gone <= after);
	}
	for (size_t i = 0; i < history->bucket_count; i++)
		for (struct kept_topic *topic = history->buckets[i]; topic != NULL;
			topic = topic->next) {
			if (!topic_filter_matches(filter, name_of(topic)))
				continue;
			forget_old(history, topic, now_ms);
			if (topic->gone > gone)
				gone = topic->gone;
		}
	return after == 0 || (after <= history->last && gone <= after);
}

static bool is_for(const struct kept_message *message, struct span filter)
{
	return topic_filter_matches(filter, name_of(message->topic));
}

const struct kept_message *topic_history_next(
	const struct kept_message *message, struct span filter)
{
	if (!topic_filter_is_wild(filter))
		return TAILQ_NEXT(message, of_topic);
	do
		message = TAILQ_NEXT(message, of_all);
	while (message != NULL && !is_for(message, filter));
	return message;
}

/* From the back: who comes again has missed the last few. */
const struct kept_message *topic_history_after(
	const struct topic_history *history, struct span filter, uint64_t number)
{
	const struct kept_message *message, *found = NULL;
	const struct kept_topic *topic;

	if (!topic_filter_is_wild(filter)) {
		topic = find(history, filter);
		if (topic == NULL)
			return NULL;
		TAILQ_FOREACH_REVERSE(message, &topic->messages, kept_messages, of_topic)
		{
			if (message->number <= number)
				break;
			found = message;
		}
		return found;
	}
	TAILQ_FOREACH_REVERSE(message, &history->all, kept_messages, of_all)
	{
		if (message->number <= number)
			break;
		if (is_for(message, filter))
			found = message;
	}
	return found;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void rules_free(struct topic_history *history)
{
	for (size_t i = 0; i < history->rule_count; i++)
		free((char *)history->rules[i].filter);
	free(history->rules);
}

static void drop_those_without_rule(struct topic_history *history)
{
	for (size_t i = 0; i < history->bucket_count; i++)
		for (struct kept_topic *topic = history->buckets[i], *next; topic != NULL;
			topic = next) {
			next = topic->next;
			topic->rule = rule_of(history, name_of(topic));
			if (topic->rule != NULL)
				continue;
			drop_all(history, topic);
			topic_drop(history, topic);
		}
}

void topic_history_set_rules(
	struct topic_history *history, const struct history_rule *rules, size_t count)
{
	rules_free(history);
	history->rules = xcalloc(count + 1, sizeof(*rules));
	history->rule_count = count;
	for (size_t i = 0; i < count; i++) {
		history->rules[i] = rules[i];
		history->rules[i].filter = xstrdup(rules[i].filter);
	}
	drop_those_without_rule(history);
	history->forgotten = ++history->last;
}

void topic_history_set_bytes(struct topic_history *history, size_t most)
{
	history->bytes_max = most;
	make_room(history, 0);
}

/* ---- life ------------------------------------------------------------------------------- */

void topic_history_init(struct topic_history *history, uint64_t seed)
{
	history->seed = seed;
	history->bucket_count = FIRST_BUCKETS;
	history->buckets = xcalloc(FIRST_BUCKETS, sizeof(struct kept_topic *));
	TAILQ_INIT(&history->all);
	TAILQ_INIT(&history->empties);
}

void topic_history_fini(struct topic_history *history)
{
	history->bytes_max = 0;
	if (history->buckets != NULL)
		make_room(history, 0);
	free(history->buckets);
	rules_free(history);
}
