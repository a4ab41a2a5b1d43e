/*
 * Numbers of messages by topic: who sends gives each topic's next one, who hears compares, and so
 * knows what came twice and how many are missing. Bounded: topics of which nothing was heard for
 * longest are forgotten. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_NUMBERS_H
#define SOCKLET_TOPIC_TOPIC_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"

enum { TOPIC_NUMBERS_MAX = 65536 };

struct topic_number;

/* Zero it; topic_numbers_init; topic_numbers_fini. */
struct topic_numbers {
	struct topic_number **buckets;
	TAILQ_HEAD(topic_number_list, topic_number) used; /* the last used at the end */
	size_t count, most;
	uint64_t seed;
};

/* `most` topics are known at a time. */
void topic_numbers_init(struct topic_numbers *numbers, size_t most);
void topic_numbers_fini(struct topic_numbers *numbers);
/* Forgets all. */
void topic_numbers_clear(struct topic_numbers *numbers);

/* ---- who sends ---- */

/* 1 for a topic's first. 0: there are as many topics as can be; clear, and take another origin. */
uint64_t topic_numbers_next(struct topic_numbers *numbers, struct span topic);

/* ---- who hears ---- */

enum topic_heard { TOPIC_HEARD_NEW, TOPIC_HEARD_BEFORE };

/* How many are missing before it goes to *missing: none for a topic that was not known. */
enum topic_heard topic_numbers_hear(struct topic_numbers *numbers, uint64_t origin,
	struct span topic, uint64_t sequence, uint64_t *missing);
/* From now on some messages that match the filter may not come: the next gap of each says nothing.
 */
void topic_numbers_pause(struct topic_numbers *numbers, struct span filter);

#endif
