/*
 * What sources told last is what is summed up, by every filter that matches, and a source that is
 * forgotten takes along its own and nothing else; a model that keeps all numbers agrees.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "topic/topic_counts.h"

enum { SOURCES = 5, SEQUENCES = 200, STEPS = 400 };

/* ---- by hand ---------------------------------------------------------------------------- */

static void adds_up_by_source_and_filter(void **state)
{
	struct topic_counts counts;

	(void)state;
	topic_counts_init(&counts);
	assert_int_equal(topic_counts_sum(&counts, SPAN("room/1")), 0);
	assert_true(topic_counts_set(&counts, 0, SPAN("room/1"), 3));
	assert_true(topic_counts_set(&counts, 63, SPAN("room/1"), 100000));
	assert_true(topic_counts_set(&counts, 63, SPAN("room/+"), 20));
	assert_true(topic_counts_set(&counts, 7, SPAN("#"), 1));
	assert_true(topic_counts_set(&counts, 7, SPAN("room"), 1000000));
	assert_int_equal(topic_counts_sum(&counts, SPAN("room/1")), 100024);
	assert_int_equal(topic_counts_sum(&counts, SPAN("room/2")), 21);
	assert_true(topic_counts_set(&counts, 63, SPAN("room/1"), 2));
	assert_int_equal(topic_counts_sum(&counts, SPAN("room/1")), 26);
	topic_counts_forget(&counts, 63);
	topic_counts_forget(&counts, 63);
	assert_int_equal(topic_counts_sum(&counts, SPAN("room/1")), 4);
	assert_int_equal(counts.filter_count, 3);
	topic_counts_fini(&counts);
}

static void says_whether_something_changed(void **state)
{
	struct topic_counts counts;

	(void)state;
	topic_counts_init(&counts);
	assert_false(topic_counts_set(&counts, 1, SPAN("a"), 0));
	assert_true(topic_counts_set(&counts, 1, SPAN("a"), 5));
	assert_false(topic_counts_set(&counts, 1, SPAN("a"), 5));
	assert_true(topic_counts_set(&counts, 2, SPAN("a"), 5));
	assert_true(topic_counts_set(&counts, 1, SPAN("a"), 0));
	assert_false(topic_counts_set(&counts, 1, SPAN("a"), 0));
	assert_int_equal(topic_counts_sum(&counts, SPAN("a")), 5);
	topic_counts_fini(&counts);
}

static void holds_a_source_to_its_bound(void **state)
{
	struct topic_counts counts;
	char filter[32];

	(void)state;
	topic_counts_init(&counts);
	for (int i = 0; i < TOPIC_COUNTS_MAX; i++) {
		snprintf(filter, sizeof(filter), "user/%d", i);
		assert_false(topic_counts_is_full(&counts, 3));
		assert_true(topic_counts_set(&counts, 3, span_of(filter), 1));
	}
	assert_true(topic_counts_is_full(&counts, 3));
	assert_false(topic_counts_set(&counts, 3, SPAN("one/more"), 1));
	assert_int_equal(topic_counts_sum(&counts, SPAN("one/more")), 0);
	/* Those that it has change on, others have room, and so has it for one that went. */
	assert_true(topic_counts_set(&counts, 3, SPAN("user/5"), 2));
	assert_true(topic_counts_set(&counts, 4, SPAN("one/more"), 1));
	assert_true(topic_counts_set(&counts, 3, SPAN("user/6"), 0));
	assert_true(topic_counts_set(&counts, 3, SPAN("one/more"), 1));
	assert_int_equal(topic_counts_sum(&counts, SPAN("one/more")), 2);
	assert_int_equal(topic_counts_sum(&counts, SPAN("user/5")), 2);
	topic_counts_fini(&counts);
}

/* ---- the model -------------------------------------------------------------------------- */

static const char *const filters[] = {"a", "b", "a/b", "a/c", "a/b/c", "+", "+/b", "a/+", "#",
	"a/#", "+/+/c", "a/b/#", "b/+/#", "c"};
static const char *const names[] = {
	"a", "b", "c", "a/b", "a/c", "b/b", "a/b/c", "b/a/c", "d/e/f/g"};

enum { FILTERS = sizeof(filters) / sizeof(filters[0]), NAMES = sizeof(names) / sizeof(names[0]) };

struct model {
	struct topic_counts counts;
	uint64_t told[SOURCES][FILTERS];
};

static void change(struct model *model, unsigned *seed)
{
	unsigned source = (unsigned)rand_r(seed) % SOURCES, f = (unsigned)rand_r(seed) % FILTERS;
	uint64_t count = (uint64_t)(rand_r(seed) % 4 == 0 ? 0 : rand_r(seed) % 1000);

	if (rand_r(seed) % 32 == 0) {
		topic_counts_forget(&model->counts, source);
		memset(model->told[source], 0, sizeof(model->told[source]));
		return;
	}
	assert_int_equal(topic_counts_set(&model->counts, source, span_of(filters[f]), count),
		model->told[source][f] != count);
	model->told[source][f] = count;
}

static void check_sums(const struct model *model, unsigned seed)
{
	for (int n = 0; n < NAMES; n++) {
		uint64_t wanted = 0, found = topic_counts_sum(&model->counts, span_of(names[n]));

		for (int f = 0; f < FILTERS; f++)
			for (int s = 0; s < SOURCES; s++)
				if (topic_filter_matches(span_of(filters[f]), span_of(names[n])))
					wanted += model->told[s][f];
		if (found != wanted)
			fail_msg("seed %u: %s: found %llu, wanted %llu", seed, names[n],
				(unsigned long long)found, (unsigned long long)wanted);
	}
}

struct seen {
	const struct model *model;
	unsigned source, filters;
};

static void see(void *context, struct span filter, size_t count)
{
	struct seen *seen = context;
	int f = 0;

	while (!span_equal(span_of(filters[f]), filter))
		assert_true(++f < FILTERS);
	assert_int_equal(count, seen->model->told[seen->source][f]);
	seen->filters++;
}

/* Each source's numbers, each once. */
static void check_each(const struct model *model)
{
	for (unsigned s = 0; s < SOURCES; s++) {
		struct seen seen = {model, s, 0};
		unsigned wanted = 0;

		for (int f = 0; f < FILTERS; f++)
			wanted += model->told[s][f] != 0;
		topic_counts_each(&model->counts, s, see, &seen);
		assert_int_equal(seen.filters, wanted);
	}
}

static void a_model_agrees(void **state)
{
	unsigned first = (unsigned)time(NULL);

	(void)state;
	printf("seeds from %u\n", first);
	for (unsigned i = 0; i < SEQUENCES; i++) {
		struct model model = {0};
		unsigned seed = first + i;

		topic_counts_init(&model.counts);
		for (int step = 0; step < STEPS; step++) {
			change(&model, &seed);
			if (rand_r(&seed) % 8 == 0)
				check_sums(&model, first + i);
		}
		check_each(&model);
		topic_counts_fini(&model.counts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_by_source_and_filter),
		cmocka_unit_test(says_whether_something_changed),
		cmocka_unit_test(holds_a_source_to_its_bound),
		cmocka_unit_test(a_model_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
