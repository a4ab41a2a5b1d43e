/*
 * Losses of a topic add up until they are taken; of too many topics only the sum is known, and
 * none is forgotten. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "topic/topic_losses.h"

static uint64_t take(struct topic_losses *losses, const char *topic)
{
	struct topic_loss loss;
	uint64_t count;

	assert_true(topic_losses_take(losses, &loss));
	assert_string_equal(loss.topic, topic);
	count = loss.count;
	free(loss.topic);
	return count;
}

static void adds_up(void **state)
{
	struct topic_losses losses = {0};
	struct topic_loss loss;

	(void)state;
	assert_false(topic_losses_take(&losses, &loss));
	topic_losses_add(&losses, SPAN("a"), 1);
	topic_losses_add(&losses, SPAN("b"), 2);
	topic_losses_add(&losses, SPAN("a"), 3);
	topic_losses_add(&losses, SPAN(""), 5);
	assert_false(topic_losses_is_empty(&losses));
	assert_int_equal(take(&losses, "b"), 2);
	assert_int_equal(take(&losses, "a"), 4);
	assert_int_equal(take(&losses, ""), 5);
	assert_true(topic_losses_is_empty(&losses));
	topic_losses_fini(&losses);
}

static void is_bounded(void **state)
{
	struct topic_losses losses = {0};
	struct topic_loss loss;
	uint64_t sum = 0;
	char topic[16];

	(void)state;
	for (int i = 0; i < 2 * TOPIC_LOSSES_MAX; i++) {
		snprintf(topic, sizeof(topic), "t/%d", i);
		topic_losses_add(&losses, span_of(topic), 2);
	}
	assert_int_equal(losses.count, TOPIC_LOSSES_MAX);
	while (topic_losses_take(&losses, &loss)) {
		sum += loss.count;
		free(loss.topic);
	}
	assert_int_equal(sum, 4 * TOPIC_LOSSES_MAX);
	topic_losses_fini(&losses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up),
		cmocka_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
