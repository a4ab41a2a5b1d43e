/*
 * What was published to topics that are kept, in one order for all of them: each message has a
 * number, and whoever knows the last that it saw is given what came after, or learns that this
 * cannot be known. Bounded in bytes. Knows neither sockets nor clocks. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_HISTORY_H
#define SOCKLET_TOPIC_TOPIC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"

struct kept_topic;

/* Of a topic the first rule counts whose filter matches. */
struct history_rule {
	const char *filter; /* checked */
	uint64_t messages;  /* at most, of a topic */
	uint64_t time_ms;   /* UINT64_MAX: however old */
};

/* As bytes whatever the caller makes of it. */
struct kept_message {
	TAILQ_ENTRY(kept_message) of_topic, of_all;
	struct kept_topic *topic;
	uint64_t number, at_ms;
	size_t len;
	char bytes[];
};

TAILQ_HEAD(kept_messages, kept_message);
TAILQ_HEAD(kept_topics, kept_topic);

/* Zero it; topic_history_init; topic_history_fini. */
struct topic_history {
	struct history_rule *rules;
	size_t rule_count;
	size_t bytes, bytes_max;
	uint64_t last;      /* the number given last */
	uint64_t forgotten; /* up to there topics that are not here may have had messages */
	struct kept_topic **buckets;
	size_t bucket_count, topic_count, message_count;
	uint64_t seed;
	struct kept_messages all;   /* in the order of their numbers */
	struct kept_topics empties; /* topics without a message, that of the oldest first */
};

void topic_history_init(struct topic_history *history, uint64_t seed);
void topic_history_fini(struct topic_history *history);

/* Copies them. A topic that has come under a rule just now has no past that is known. */
void topic_history_set_rules(
	struct topic_history *history, const struct history_rule *rules, size_t count);
void topic_history_set_bytes(struct topic_history *history, size_t most);
bool topic_history_keeps(const struct topic_history *history, struct span topic);

/*
 * Numbers a message. What is kept of it is returned, for the caller to finish the bytes, and valid
 * until the next call; NULL: nothing, and who asks later is told so. *number in either case.
 */
struct kept_message *topic_history_add(struct topic_history *history, struct span topic,
	struct span bytes, uint64_t now_ms, uint64_t *number);
/* Something was published to the topic past the history: what is known of it ends here. */
void topic_history_break(struct topic_history *history, struct span topic);

/*
 * Whether all is here that was published to what the filter matches after that number; forgets
 * what is too old for it. After 0 it is never: what there is is all.
 */
bool topic_history_knows(
	struct topic_history *history, struct span filter, uint64_t after, uint64_t now_ms);
/* The first behind a number, and the one behind that; NULL: there is none. After _knows. */
const struct kept_message *topic_history_after(
	const struct topic_history *history, struct span filter, uint64_t number);
const struct kept_message *topic_history_next(
	const struct kept_message *message, struct span filter);

#endif
