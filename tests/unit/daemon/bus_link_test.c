/*
 * A link drops what its queue has no room for, counts it by topic, and tells the other end once
 * half the queue is free; what it passes comes whole and in order. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "daemon/bus_link.h"
#include "daemon/bus_message_pack.h"

enum { MANY = 4000, PAYLOAD = 1000 };

struct pair {
	struct bus_link link;
	struct channel other;
};

static int set_up(void **state)
{
	struct pair *pair = xcalloc(1, sizeof(*pair));
	struct err why;
	int ends[2];

	assert_true(channel_pair(ends, &why));
	bus_link_init(&pair->link);
	bus_link_open(&pair->link, ends[0]);
	channel_init(&pair->other, ends[1]);
	pair->link.bytes_max = 500000;
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	bus_link_close(&pair->link);
	channel_fini(&pair->other);
	free(pair);
	return 0;
}

static void pass(struct pair *pair, const char *topic, uint64_t sequence)
{
	static char payload[PAYLOAD];
	struct bus_message message = {.topic = span_of(topic),
		.opcode = WS_BINARY,
		.payload = {payload, sizeof(payload)},
		.host = 1,
		.publisher = 2,
		.sequence = sequence};
	struct buf body = {0};

	bus_message_pack(&body, &message);
	bus_link_pass(&pair->link, buf_span(&body), "the test");
	buf_fini(&body);
}

/* Reads all that is there: messages that came, and losses told of by topic "a" and "b". */
static uint64_t read_all(struct pair *pair, uint64_t last, uint64_t lost[2])
{
	struct message message;
	struct bus_message from;
	struct span topic;
	uint64_t count;

	while (channel_receive(&pair->other, &message) == CHANNEL_MESSAGE) {
		if (message.kind == BUS_LOST) {
			assert_true(bus_loss_unpack(message.body, &topic, &count));
			lost[topic.ptr[0] == 'b'] += count;
			continue;
		}
		assert_true(bus_message_unpack(message.body, &from));
		assert_int_equal(from.sequence, last + 1);
		assert_int_equal(from.payload.len, PAYLOAD);
		assert_int_equal(from.opcode, WS_BINARY);
		assert_int_equal(from.host + from.publisher, 3);
		last = from.sequence;
	}
	return last;
}

static void drops_counts_and_tells(void **state)
{
	struct pair *pair = *state;
	uint64_t lost[2] = {0}, last = 0;

	for (uint64_t i = 1; i <= MANY; i++) {
		pass(pair, i % 2 == 0 ? "a" : "b", i);
		bus_link_flush(&pair->link);
	}
	assert_true(channel_queued(&pair->link.channel) <= 500000);
	assert_true(pair->link.lost > 0);
	while (lost[0] == 0) {
		last = read_all(pair, last, lost);
		bus_link_flush(&pair->link);
	}
	last = read_all(pair, last, lost);
	assert_int_equal(last + pair->link.lost, MANY);
	assert_int_equal(lost[0] + lost[1], pair->link.lost);
	assert_in_range(lost[0], lost[1] - 1, lost[1] + 1);
	/* And it goes on. */
	pass(pair, "a", last + 1);
	bus_link_flush(&pair->link);
	assert_int_equal(read_all(pair, last, lost), last + 1);
}

static void one_that_is_alone_goes_whatever_its_size(void **state)
{
	struct pair *pair = *state;
	uint64_t lost[2] = {0};

	pair->link.bytes_max = 10;
	pass(pair, "a", 1);
	bus_link_flush(&pair->link);
	assert_int_equal(read_all(pair, 0, lost), 1);
	assert_int_equal(pair->link.lost, 0);
}

static void a_closed_one_takes_nothing(void **state)
{
	struct pair *pair = *state;

	bus_link_close(&pair->link);
	pass(pair, "a", 1);
	bus_link_pass_loss(&pair->link, SPAN("a"), 1);
	bus_link_flush(&pair->link);
	assert_int_equal(pair->link.lost, 0);
	assert_true(topic_losses_is_empty(&pair->link.losses));
}

static void bytes_that_are_no_message_are_refused(void **state)
{
	struct bus_message message;
	struct span topic;
	uint64_t count;

	(void)state;
	assert_false(bus_message_unpack(SPAN("short"), &message));
	assert_false(bus_loss_unpack(SPAN(""), &topic, &count));
	assert_false(bus_topic_unpack(SPAN("\xff\xff\xff\xff\xff\xff\xff\xff"), &topic));
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ROW(drops_counts_and_tells),
		ROW(one_that_is_alone_goes_whatever_its_size),
		ROW(a_closed_one_takes_nothing),
		ROW(bytes_that_are_no_message_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
