/*
 * A hash table by topic, and a list by use. An origin is one counting: a sender that forgets what
 * it gave takes another, so that a number never goes back. Called by call/bus_plugin.c.
 * SPDX-License-Identifier: MIT
 */
#include "topic/topic_numbers.h"

#include <string.h>
#include <sys/random.h>

#include "base/xalloc.h"
#include "topic/topic_name.h"

enum { BUCKETS = 16384 };

struct topic_number {
	TAILQ_ENTRY(topic_number) used;
	struct topic_number *next; /* of the bucket */
	uint64_t origin, last;
	bool is_paused;
	uint8_t len;
	char topic[];
};

void topic_numbers_init(struct topic_numbers *numbers, size_t most)
{
	TAILQ_INIT(&numbers->used);
	numbers->most = most;
	/* Without it who names topics could choose what collides; it is no worse than slow. */
	if (getrandom(&numbers->seed, sizeof(numbers->seed), GRND_NONBLOCK) < 0)
		numbers->seed = (uintptr_t)numbers;
}

void topic_numbers_fini(struct topic_numbers *numbers)
{
	topic_numbers_clear(numbers);
	free(numbers->buckets);
	numbers->buckets = NULL;
}

static struct span topic_of(const struct topic_number *number)
{
	return (struct span){number->topic, number->len};
}

static struct topic_number **bucket_of(struct topic_numbers *numbers, struct span topic)
{
	uint64_t hash = numbers->seed;

	for (size_t i = 0; i < topic.len; i++)
		hash = (hash ^ (unsigned char)topic.ptr[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	hash ^= hash >> 29;
	if (numbers->buckets == NULL)
		numbers->buckets = xcalloc(BUCKETS, sizeof(*numbers->buckets));
	return &numbers->buckets[hash % BUCKETS];
}

static void drop(struct topic_numbers *numbers, struct topic_number *number)
{
	struct topic_number **at = bucket_of(numbers, topic_of(number));

	while (*at != number)
		at = &(*at)->next;
	*at = number->next;
	TAILQ_REMOVE(&numbers->used, number, used);
	numbers->count--;
	free(number);
}

void topic_numbers_clear(struct topic_numbers *numbers)
{
	while (!TAILQ_EMPTY(&numbers->used))
		drop(numbers, TAILQ_FIRST(&numbers->used));
}

static struct topic_number *find(struct topic_numbers *numbers, uint64_t origin, struct span topic)
{
	struct topic_number *number = *bucket_of(numbers, topic);

	while (number != NULL && (number->origin != origin || !span_equal(topic_of(number), topic)))
		number = number->next;
	if (number != NULL) {
		TAILQ_REMOVE(&numbers->used, number, used);
		TAILQ_INSERT_TAIL(&numbers->used, number, used);
	}
	return number;
}

static struct topic_number *add(struct topic_numbers *numbers, uint64_t origin, struct span topic)
{
	struct topic_number *number = xcalloc(1, sizeof(*number) + topic.len);
	struct topic_number **bucket = bucket_of(numbers, topic);

	number->origin = origin;
	number->len = (uint8_t)topic.len;
	memcpy(number->topic, topic.ptr, topic.len);
	number->next = *bucket;
	*bucket = number;
	TAILQ_INSERT_TAIL(&numbers->used, number, used);
	numbers->count++;
	return number;
}

uint64_t topic_numbers_next(struct topic_numbers *numbers, struct span topic)
{
	struct topic_number *number = find(numbers, 0, topic);

	if (number == NULL && numbers->count == numbers->most)
		return 0;
	if (number == NULL)
		number = add(numbers, 0, topic);
	return ++number->last;
}

enum topic_heard topic_numbers_hear(struct topic_numbers *numbers, uint64_t origin,
	struct span topic, uint64_t sequence, uint64_t *missing)
{
	struct topic_number *number = find(numbers, origin, topic);

	*missing = 0;
	if (number == NULL) {
		if (numbers->count == numbers->most)
			drop(numbers, TAILQ_FIRST(&numbers->used));
		number = add(numbers, origin, topic);
	} else if (sequence <= number->last) {
		return TOPIC_HEARD_BEFORE;
	} else if (!number->is_paused) {
		*missing = sequence - number->last - 1;
	}
	number->is_paused = false;
	number->last = sequence;
	return TOPIC_HEARD_NEW;
}

void topic_numbers_pause(struct topic_numbers *numbers, struct span filter)
{
	struct topic_number *number;

	if (topic_filter_is_wild(filter)) {
		TAILQ_FOREACH (number, &numbers->used, used)
			number->is_paused |= topic_filter_matches(filter, topic_of(number));
		return;
	}
	for (number = *bucket_of(numbers, filter); number != NULL; number = number->next)
		number->is_paused |= span_equal(topic_of(number), filter);
}
