/*
 * Whoever was told that a history knows gets exactly what was published behind his number, in
 * order; whatever it has dropped, by count, age or bytes, or never had, is told as unknown.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topic/topic_history.h"
#include "topic/topic_name.h"

static const struct history_rule rules[] = {
	{"short/#", 3, UINT64_MAX}, {"brief/+", 100, 50}, {"room/#", 20, UINT64_MAX}};

enum { ENOUGH = 1 << 20 };

static void set_up(struct topic_history *history, size_t bytes)
{
	*history = (struct topic_history){0};
	topic_history_init(history, 7);
	topic_history_set_bytes(history, bytes);
	topic_history_set_rules(history, rules, 3);
	topic_history_set_rules(history, rules, 3); /* so that there is a number before the first */
}

static uint64_t add(
	struct topic_history *history, const char *topic, const char *text, uint64_t now)
{
	uint64_t number;

	topic_history_add(history, span_of(topic), span_of(text), now, &number);
	return number;
}

/* "a b c", or "unknown". */
static void expect(struct topic_history *history, const char *filter, uint64_t after, uint64_t now,
	const char *wanted)
{
	const struct kept_message *message;
	char found[1000] = "";

	if (!topic_history_knows(history, span_of(filter), after, now))
		strcpy(found, "unknown ");
	else
		for (message = topic_history_after(history, span_of(filter), after);
			message != NULL; message = topic_history_next(message, span_of(filter)))
			snprintf(found + strlen(found), sizeof(found) - strlen(found), "%.*s ",
				(int)message->len, message->bytes);
	if (strcmp(found, wanted) != 0)
		fail_msg("%s after %llu: found \"%s\", wanted \"%s\"", filter,
			(unsigned long long)after, found, wanted);
}

static void gives_what_came_behind(void **state)
{
	struct topic_history history;
	uint64_t start, one, two;

	(void)state;
	set_up(&history, ENOUGH);
	start = history.last;
	one = add(&history, "room/1", "a", 0);
	two = add(&history, "room/2", "b", 0);
	add(&history, "room/1", "c", 0);
	expect(&history, "room/1", start, 0, "a c ");
	expect(&history, "room/1", one, 0, "c ");
	expect(&history, "room/1", two, 0, "c ");
	expect(&history, "room/+", start, 0, "a b c ");
	expect(&history, "room/#", one, 0, "b c ");
	expect(&history, "room/3", start, 0, "");
	expect(&history, "room/1", history.last, 0, "");
	expect(&history, "room/1", 0, 0, "a c ");
	expect(&history, "room/1", history.last + 1, 0, "unknown ");
	expect(&history, "room/1", start - 1, 0, "unknown ");
	topic_history_fini(&history);
}

static void keeps_so_many_so_long(void **state)
{
	struct topic_history history;
	uint64_t numbers[5];

	(void)state;
	set_up(&history, ENOUGH);
	for (int i = 0; i < 5; i++)
		numbers[i] = add(&history, "short/x", "s", 0);
	expect(&history, "short/x", numbers[0], 0, "unknown ");
	expect(&history, "short/x", numbers[1], 0, "s s s ");
	expect(&history, "short/x", 0, 0, "s s s ");
	for (int i = 0; i < 3; i++)
		numbers[i] = add(&history, "brief/x", "b", (uint64_t)i * 40);
	expect(&history, "brief/x", numbers[0], 90, "b b ");
	expect(&history, "brief/x", numbers[0], 91, "unknown ");
	expect(&history, "brief/x", numbers[1], 91, "b ");
	expect(&history, "brief/x", numbers[2], 1000, "");
	expect(&history, "brief/x", 0, 1000, "");
	assert_int_equal(history.message_count, 3);
	topic_history_fini(&history);
}

static void breaks_and_rules_are_told(void **state)
{
	struct topic_history history;
	uint64_t one;

	(void)state;
	set_up(&history, ENOUGH);
	one = add(&history, "room/1", "a", 0);
	topic_history_break(&history, SPAN("room/1"));
	expect(&history, "room/1", one, 0, "unknown ");
	expect(&history, "room/1", history.last, 0, "");
	one = add(&history, "room/1", "b", 0);
	add(&history, "short/1", "c", 0);
	topic_history_set_rules(&history, &rules[2], 1);
	expect(&history, "room/1", one - 1, 0, "b ");
	expect(&history, "short/1", one, 0, "unknown ");
	assert_int_equal(history.message_count, 1);
	assert_int_equal(history.topic_count, 1);
	/* Nobody keeps it: its number is known to have been lost. */
	one = add(&history, "short/1", "d", 0);
	expect(&history, "short/1", one - 1, 0, "unknown ");
	topic_history_fini(&history);
}

static void stays_within_its_bytes(void **state)
{
	struct topic_history history;
	char topic[32], text[200];
	uint64_t first = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set_up(&history, 64 * 1024);
	for (int i = 0; i < 20000; i++) {
		snprintf(topic, sizeof(topic), "room/%d", i * 7 % 5000);
		first = first == 0 ? add(&history, topic, text, 0) : first;
		add(&history, topic, text, 0);
		assert_true(history.bytes <= 64 * 1024);
	}
	assert_true(history.message_count > 100);
	expect(&history, "room/0", first, 0, "unknown ");
	topic_history_set_bytes(&history, 4096);
	assert_true(history.bytes <= 4096);
	topic_history_fini(&history);
}

static void a_message_beyond_all_bytes_is_told(void **state)
{
	static char text[100000];
	struct topic_history history;
	uint64_t before;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	set_up(&history, 64 * 1024);
	before = add(&history, "room/1", "a", 0);
	add(&history, "room/1", text, 0);
	expect(&history, "room/1", before, 0, "unknown ");
	topic_history_fini(&history);
}

/* ---- against a model -------------------------------------------------------------------- */

enum { TOPICS = 6, STEPS = 400, SEQUENCES = 3000 };

static const char *const topics[TOPICS] = {
	"room/a", "room/b", "room/a/x", "short/a", "brief/a", "brief/b"};
static const char *const filters[] = {
	"room/a", "room/+", "room/#", "short/#", "brief/+", "brief/a"};

struct published {
	int topic; /* -1: a break of any */
	uint64_t number;
};

struct model {
	struct topic_history history;
	struct published all[STEPS];
	size_t count;
	uint64_t now;
	unsigned known, unknown;
};

static void publish(struct model *model, unsigned seed)
{
	struct published *next = &model->all[model->count++];
	char text[64];

	next->topic = rand() % TOPICS;
	memset(text, 'x', sizeof(text));
	topic_history_add(&model->history, span_of(topics[next->topic]),
		(struct span){text, (size_t)rand() % sizeof(text) + 1}, model->now, &next->number);
	if (model->history.bytes > model->history.bytes_max)
		fail_msg("seed %u: %zu bytes", seed, model->history.bytes);
}

/* Whoever stood at a number: what he is given is all that the model has, or he is told. */
static void resume(struct model *model, unsigned seed)
{
	const char *filter = filters[rand() % 6];
	uint64_t from = model->count == 0 ? 1 : model->all[rand() % (int)model->count].number;
	const struct kept_message *message;

	if (!topic_history_knows(&model->history, span_of(filter), from, model->now)) {
		model->unknown++;
		return;
	}
	model->known++;
	message = topic_history_after(&model->history, span_of(filter), from);
	for (size_t i = 0; i < model->count; i++) {
		const struct published *one = &model->all[i];

		if (one->number <= from ||
			!topic_filter_matches(span_of(filter), span_of(topics[one->topic])))
			continue;
		if (message == NULL || message->number != one->number)
			fail_msg("seed %u: %s from %llu: found %llu, wanted %llu", seed, filter,
				(unsigned long long)from,
				message == NULL ? 0 : (unsigned long long)message->number,
				(unsigned long long)one->number);
		message = topic_history_next(message, span_of(filter));
	}
	if (message != NULL)
		fail_msg("seed %u: %s from %llu: one more, %llu", seed, filter,
			(unsigned long long)from, (unsigned long long)message->number);
}

static void is_right_whatever_happens(void **state)
{
	unsigned known = 0, unknown = 0;

	(void)state;
	for (unsigned seed = 1; seed <= SEQUENCES; seed++) {
		struct model model = {0};

		srand(seed);
		set_up(&model.history, (size_t)rand() % 8000 + 1000);
		for (int step = 0; step < STEPS && model.count < STEPS; step++) {
			int what = rand() % 10;

			model.now += (uint64_t)(rand() % 10);
			if (what < 6)
				publish(&model, seed);
			else if (what < 9)
				resume(&model, seed);
			else if (rand() % 20 == 0)
				topic_history_set_rules(&model.history, rules, 3);
		}
		known += model.known;
		unknown += model.unknown;
		topic_history_fini(&model.history);
	}
	assert_true(known > 1000 && unknown > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_came_behind),
		cmocka_unit_test(keeps_so_many_so_long),
		cmocka_unit_test(breaks_and_rules_are_told),
		cmocka_unit_test(stays_within_its_bytes),
		cmocka_unit_test(a_message_beyond_all_bytes_is_told),
		cmocka_unit_test(is_right_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
