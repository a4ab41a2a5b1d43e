/*
 * Whatever a peer that does not read misses, it misses whole messages, and those that its route
 * says; what it gets is in order, and its queue never holds more than its limit.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/conn.h"
#include "net/rig.h"

enum { PAYLOAD = 1000, FRAME = 4 + PAYLOAD, LIMIT = 20 * FRAME, COUNT = 8000, KEYS = 7 };

struct reader {
	struct rig *rig;
	struct client client;
	struct transport *transport;
	unsigned queued[COUNT]; /* the numbers that were taken, in order */
	size_t queued_count, full, dropped;
};

static void reader_open(struct reader *reader, struct rig *rig, enum overflow overflow)
{
	memset(reader, 0, sizeof(*reader));
	reader->rig = rig;
	rig->host.limits.queue_bytes = LIMIT;
	rig->host.limits.overflow = overflow;
	client_open_small(rig, &reader->client);
	client_upgrade(rig, &reader->client);
	reader->transport = rig->host.transport;
}

static enum sent number(struct reader *reader, unsigned n, uint64_t key, bool is_shared)
{
	struct transport *transport = reader->transport;
	struct ws_shared *shared;
	char payload[PAYLOAD] = {0};
	enum sent sent;

	memcpy(payload, &n, sizeof(n));
	if (!is_shared)
		return transport_ops(transport)->send(
			transport, WS_BINARY, (struct span){payload, PAYLOAD}, key);
	shared = ws_shared_new(WS_BINARY, (struct span){payload, PAYLOAD});
	sent = transport_ops(transport)->send_shared(transport, shared, key);
	ws_shared_unref(shared);
	return sent;
}

/* Far more than socket and queue hold; a key for each when the route has a use for it. */
static void flood(struct reader *reader)
{
	for (unsigned n = 0; n < COUNT; n++) {
		enum sent sent = number(reader, n, n % KEYS + 1, n % 3 == 0);

		assert_true(transport_ops(reader->transport)->queued(reader->transport) <= LIMIT);
		if (sent == SENT_QUEUED)
			reader->queued[reader->queued_count++] = n;
		reader->full += sent == SENT_FULL;
		reader->dropped += sent == SENT_DROPPED;
		if (n % KEYS == KEYS - 1)
			rig_turn(reader->rig);
	}
	assert_true(reader->transport->extra->queue_peak > LIMIT / 4);
	assert_true(reader->transport->extra->queue_peak <= LIMIT);
}

static unsigned read_number(struct reader *reader)
{
	static const uint8_t header[4] = {0x82, 126, PAYLOAD >> 8, PAYLOAD & 0xff};
	unsigned n;

	client_expect(reader->rig, &reader->client, header, sizeof(header));
	client_take(reader->rig, &reader->client, &n, sizeof(n));
	client_skip(reader->rig, &reader->client, PAYLOAD - sizeof(n));
	return n;
}

static void queued_is_what_comes(struct reader *reader)
{
	for (size_t i = 0; i < reader->queued_count; i++)
		assert_int_equal(read_number(reader), reader->queued[i]);
}

static void tell_refuses_until_half_is_free(void **state)
{
	struct reader reader;

	reader_open(&reader, *state, OVERFLOW_TELL);
	flood(&reader);
	assert_int_equal(reader.full, COUNT - reader.queued_count);
	assert_int_equal(reader.transport->extra->dropped, 0);
	assert_null(strstr(fake_host_log(&reader.rig->host), "drained"));
	queued_is_what_comes(&reader);
	rig_expect_log(reader.rig, "drained");
	assert_int_equal(number(&reader, 1, 0, false), SENT_QUEUED);
	client_close(&reader.client);
}

static void drop_newest_keeps_what_was_there(void **state)
{
	struct reader reader;

	reader_open(&reader, *state, OVERFLOW_DROP_NEWEST);
	flood(&reader);
	assert_true(reader.dropped > 0);
	assert_int_equal(reader.dropped, COUNT - reader.queued_count);
	assert_int_equal(reader.transport->extra->dropped, reader.dropped);
	queued_is_what_comes(&reader);
	client_close(&reader.client);
}

/* The first ones, which the socket took, then a gap, then the last ones. */
static void drop_oldest_keeps_the_last(void **state)
{
	struct reader reader;
	unsigned next = 0, gaps = 0, n, got = 0;

	reader_open(&reader, *state, OVERFLOW_DROP_OLDEST);
	flood(&reader);
	assert_int_equal(reader.queued_count, COUNT);
	do {
		n = read_number(&reader);
		assert_true(n >= next);
		gaps += n != next;
		next = n + 1;
		got++;
	} while (n != COUNT - 1);
	assert_int_equal(gaps, 1);
	assert_int_equal(reader.transport->extra->dropped, COUNT - got);
	client_close(&reader.client);
}

/* A key's numbers only grow, and the last of each comes; no more than one each waits. */
static void keep_last_keeps_one_a_key(void **state)
{
	struct reader reader;
	unsigned last[KEYS] = {0}, n, got = 0, whole = 0;

	reader_open(&reader, *state, OVERFLOW_KEEP_LAST);
	flood(&reader);
	assert_int_equal(reader.queued_count, COUNT);
	assert_true(
		transport_ops(reader.transport)->queued(reader.transport) <= (KEYS + 1) * FRAME);
	while (whole < KEYS) {
		n = read_number(&reader);
		assert_true(got == 0 || n > last[n % KEYS] || n < KEYS);
		last[n % KEYS] = n;
		whole += n >= COUNT - KEYS;
		got++;
	}
	assert_int_equal(reader.transport->extra->dropped, COUNT - got);
	client_close(&reader.client);
}

static void close_is_left_to_who_asked(void **state)
{
	struct reader reader;

	reader_open(&reader, *state, OVERFLOW_CLOSE);
	flood(&reader);
	assert_true(reader.full > 0 && reader.dropped == 0);
	queued_is_what_comes(&reader);
	client_close(&reader.client);
}

static void a_close_frame_comes_behind_all_that_waits(void **state)
{
	struct reader reader;
	unsigned n;

	reader_open(&reader, *state, OVERFLOW_DROP_OLDEST);
	flood(&reader);
	reader.rig->host.transport = reader.transport;
	fake_close(&reader.rig->host, 4000, "bye");
	do
		n = read_number(&reader);
	while (n != COUNT - 1);
	client_expect_frame(reader.rig, &reader.client, 8,
		"\x0f\xa0"
		"bye",
		5);
	client_close(&reader.client);
}

static void new_limits_change_no_order(void **state)
{
	struct reader reader;
	struct transport_limits limits;
	unsigned n;

	reader_open(&reader, *state, OVERFLOW_DROP_OLDEST);
	flood(&reader);
	limits = reader.rig->host.limits;
	limits.overflow = OVERFLOW_CLOSE;
	limits.queue_bytes = 10 * LIMIT;
	assert_true(transport_ops(reader.transport)->set_limits(reader.transport, &limits));
	assert_int_equal(number(&reader, COUNT, 0, false), SENT_QUEUED);
	do
		n = read_number(&reader);
	while (n != COUNT - 1);
	assert_int_equal(read_number(&reader), COUNT);
	client_close(&reader.client);
}

static void a_message_that_never_fits_drops_no_other(void **state)
{
	static char big[LIMIT];
	static const enum overflow dropping[] = {
		OVERFLOW_DROP_NEWEST, OVERFLOW_DROP_OLDEST, OVERFLOW_KEEP_LAST};
	static const size_t lengths[] = {LIMIT, LIMIT - 3, SIZE_MAX};

	for (size_t i = 0; i < 9; i++) {
		struct reader reader;
		struct span data = {big, lengths[i % 3]};

		reader_open(&reader, *state, dropping[i / 3]);
		assert_int_equal(number(&reader, 1, 0, false), SENT_QUEUED);
		assert_int_equal(
			transport_ops(reader.transport)->send(reader.transport, WS_BINARY, data, 5),
			SENT_DROPPED);
		assert_int_equal(reader.transport->extra->dropped, 1);
		assert_int_equal(number(&reader, 2, 0, false), SENT_QUEUED);
		assert_int_equal(read_number(&reader), 1);
		assert_int_equal(read_number(&reader), 2);
		client_close(&reader.client);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

/* Else a batch as long as the limit would drop all that waits, and the newest, too. */
static void what_tls_has_taken_leaves_the_room_as_it_was(void **state)
{
	struct rig *rig = *state;
	struct reader reader;
	struct conn *conn;

	reader_open(&reader, rig, OVERFLOW_DROP_OLDEST);
	flood(&reader);
	conn = conn_of(reader.transport);
	assert_true(conn->is_blocked);
	conn_extra(conn)->in_transit = LIMIT;
	for (unsigned n = 0; n < 100; n++)
		assert_int_equal(number(&reader, n, 0, false), SENT_QUEUED);
	assert_in_range(backlog_bytes(extra_of(conn)->backlog), LIMIT - 2 * FRAME, LIMIT);
	conn_extra(conn)->in_transit = 0;
	client_close(&reader.client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tell_refuses_until_half_is_free),
		TEST(drop_newest_keeps_what_was_there),
		TEST(drop_oldest_keeps_the_last),
		TEST(keep_last_keeps_one_a_key),
		TEST(close_is_left_to_who_asked),
		TEST(a_close_frame_comes_behind_all_that_waits),
		TEST(new_limits_change_no_order),
		TEST(a_message_that_never_fits_drops_no_other),
		TEST(what_tls_has_taken_leaves_the_room_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
