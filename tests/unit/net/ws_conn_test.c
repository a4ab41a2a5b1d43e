/*
 * Messages go in whole and replies come out together; whoever closes, the session hears why, and
 * nobody waits for a peer that does not answer. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/xalloc.h"
#include "net/rig.h"
#include "wire/ws_deflate.h"

static void open_ws(struct rig *rig, struct client *client)
{
	client_open(rig, client);
	client_upgrade(rig, client);
}

static void open_small(struct rig *rig, struct client *client)
{
	client_open_small(rig, client);
	client_upgrade(rig, client);
}

static void client_close_frame(struct rig *rig, struct client *client, unsigned code)
{
	char payload[2] = {(char)(code >> 8), (char)code};

	client_frame(rig, client, 8, payload, 2);
}

static void client_expect_close(
	struct rig *rig, struct client *client, unsigned code, const char *reason)
{
	char payload[125] = {(char)(code >> 8), (char)code};

	memcpy(payload + 2, reason, strlen(reason));
	client_expect_frame(rig, client, 8, payload, 2 + strlen(reason));
}

/* Of which no two places look alike, for the caller to free. */
static char *pattern(size_t bytes)
{
	char *payload = xmalloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		payload[i] = (char)(i * 13 + i / 509);
	return payload;
}

/* ---- messages ------------------------------------------------------------------------------- */

static void messages_of_all_sizes_come_back(void **state)
{
	static const size_t sizes[] = {
		0, 1, 125, 126, 4060, 16383, 16384, 65535, 65536, 200000, 1048576};
	struct rig *rig = *state;
	struct client client;
	char *payload = pattern(1048576);

	open_ws(rig, &client);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		client_frame(rig, &client, 2, payload, sizes[i]);
		client_expect_frame(rig, &client, 2, payload, sizes[i]);
	}
	client_close(&client);
	free(payload);
}

static void frames_in_the_packet_of_the_handshake_are_kept(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};

	client_open(rig, &client);
	buf_append(&all, ws_request, strlen(ws_request));
	frame_put(&all, 1, "one", 3);
	frame_put(&all, 1, "two", 3);
	client_send(rig, &client, all.data, all.len - 2);
	client_send(rig, &client, all.data + all.len - 2, 2);
	free(client_read_to(rig, &client, "\r\n\r\n"));
	client_expect_frame(rig, &client, 1, "one", 3);
	client_expect_frame(rig, &client, 1, "two", 3);
	client_close(&client);
	buf_fini(&all);
}

static void a_handshake_in_single_bytes_and_a_greeting(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *head;

	client_open(rig, &client);
	for (size_t i = 0; ws_request[i] != '\0'; i++)
		client_send(rig, &client, ws_request + i, 1);
	free(client_read_to(rig, &client, "\r\n\r\n"));
	client_close(&client);

	client_open(rig, &client);
	client_say(rig, &client, "GET /greet");
	client_say(rig, &client, ws_request + strlen("GET /ws"));
	head = client_read_to(rig, &client, "\r\n\r\n");
	free(head);
	client_expect_frame(rig, &client, 2, "hi", 2);
	client_close(&client);
}

static unsigned segments_received(const struct client *client)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_data_segs_in;
}

/* Without Nagle's delay each send is a segment of its own: one must bring all answers. */
static void replies_to_one_read_leave_in_one_send(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};
	unsigned before;

	open_ws(rig, &client);
	for (unsigned i = 0; i < 16; i++)
		frame_put(&all, 1, "twenty bytes of text", 20);
	frame_put(&all, 9, "ping", 4);
	assert_int_equal(send(client.fd, all.data, all.len, 0), all.len);
	before = segments_received(&client);
	for (unsigned i = 0; i < 16; i++)
		client_expect_frame(rig, &client, 1, "twenty bytes of text", 20);
	client_expect_frame(rig, &client, 10, "ping", 4);
	assert_int_equal(segments_received(&client) - before, 1);
	client_close(&client);
	buf_fini(&all);
}

/* Several publishes to many members, and a word to each alone: one call a member. */
static void what_a_turn_publishes_leaves_in_one_send(void **state)
{
	enum { MEMBERS = 5, MESSAGES = 100 };
	struct rig *rig = *state;
	struct client clients[MEMBERS];
	struct transport *members[MEMBERS];
	unsigned before[MEMBERS];
	struct ws_shared *shared[2] = {ws_shared_new(WS_TEXT, SPAN("for all of them")),
		ws_shared_new(WS_BINARY, (struct span){fake_host_log(&rig->host), 0})};

	for (unsigned i = 0; i < MEMBERS; i++) {
		open_ws(rig, &clients[i]);
		members[i] = rig->host.transport;
		before[i] = segments_received(&clients[i]);
	}
	for (unsigned i = 0; i < MESSAGES * MEMBERS; i++) {
		struct transport *member = members[i % MEMBERS];

		assert_int_equal(
			transport_ops(member)->send_shared(member, shared[i / MEMBERS % 2], 0),
			SENT_QUEUED);
		if (i < MEMBERS)
			assert_int_equal(
				transport_ops(member)->send(member, WS_TEXT, SPAN("for one"), 0),
				SENT_QUEUED);
	}
	ws_shared_unref(shared[0]);
	ws_shared_unref(shared[1]);
	for (unsigned i = 0; i < MEMBERS; i++) {
		client_expect_frame(rig, &clients[i], 1, "for all of them", 15);
		client_expect_frame(rig, &clients[i], 1, "for one", 7);
		for (unsigned n = 1; n < MESSAGES; n++)
			client_expect_frame(
				rig, &clients[i], n % 2 + 1, "for all of them", n % 2 ? 0 : 15);
		assert_int_equal(segments_received(&clients[i]) - before[i], 1);
		client_close(&clients[i]);
	}
}

/* Whoever has agreed on it, and nobody else, is sent to and understood compressed. */
static void messages_are_compressed_where_that_was_agreed_on(void **state)
{
	static const struct ws_compression agreed = {
		.server_bits = 15, .client_bits = 15, .level = 1, .least_bytes = 1000};
	static const char hello[] = "\xf2\x48\xcd\xc9\xc9\x07\x00", text[2000] = {'a'};
	struct rig *rig = *state;
	struct ws_deflate_shared streams = {0};
	struct span wanted = {text, sizeof(text)};
	struct ws_shared *shared = ws_shared_new(WS_BINARY, wanted);
	struct client plain, compressing;
	struct transport *member;

	assert_true(ws_deflate_once(&streams, 15, 1, &wanted));
	open_ws(rig, &plain);
	member = rig->host.transport;
	assert_int_equal(transport_ops(member)->send_shared(member, shared, 0), SENT_QUEUED);
	client_expect_frame(rig, &plain, 2, text, sizeof(text));
	rig->host.compression = &agreed;
	open_ws(rig, &compressing);
	member = rig->host.transport;
	client_frame(rig, &compressing, WS_TEXT | WS_COMPRESSED, hello, sizeof(hello) - 1);
	client_expect_frame(rig, &compressing, WS_TEXT, "Hello", 5);
	assert_int_equal(transport_ops(member)->send_shared(member, shared, 0), SENT_QUEUED);
	assert_int_equal(
		transport_ops(member)->send(member, WS_TEXT, (struct span){text, sizeof(text)}, 0),
		SENT_QUEUED);
	client_expect_frame(rig, &compressing, WS_BINARY | WS_COMPRESSED, wanted.ptr, wanted.len);
	client_expect_frame(rig, &compressing, WS_TEXT | WS_COMPRESSED, wanted.ptr, wanted.len);
	client_frame(rig, &plain, WS_TEXT | WS_COMPRESSED, hello, sizeof(hello) - 1);
	client_expect_close(rig, &plain, 1002, "reserved bits must be 0");
	client_frame(rig, &compressing, WS_TEXT | WS_COMPRESSED, "\x06", 1);
	client_expect_close(rig, &compressing, 1002, "decompression failed");
	client_close(&plain);
	client_close(&compressing);
	ws_shared_unref(shared);
	ws_deflate_shared_fini(&streams);
}

static struct ws_joined *joined_new(struct span longer)
{
	struct span texts[] = {SPAN("first"), longer, SPAN("last")};
	struct ws_joined *joined = ws_joined_new(3);

	for (unsigned i = 0; i < 3; i++) {
		struct ws_shared *message = ws_shared_new(WS_TEXT, texts[i]);

		ws_joined_add(joined, message);
		ws_shared_unref(message);
	}
	return joined;
}

/* One piece for each kind of peer, whatever is short in it as it is; it outlives its makings. */
static void joined_messages_are_compressed_where_that_was_agreed_on(void **state)
{
	enum { MEMBERS = 4 };
	static const struct ws_compression bare = {.server_bits = 15,
						   .client_bits = 15,
						   .level = 1,
						   .least_bytes = 1000},
					   with_context = {.server_bits = 15,
						   .client_bits = 15,
						   .level = 1,
						   .least_bytes = 1000,
						   .server_context = true};
	static const struct ws_compression *agreed[MEMBERS] = {NULL, &bare, &with_context, &bare};
	static const char text[2000] = {'a'};
	struct rig *rig = *state;
	struct ws_deflate_shared streams = {0};
	struct span packed = {text, sizeof(text)};
	struct ws_joined *joined = joined_new(packed);
	struct client clients[MEMBERS];
	unsigned before[MEMBERS];

	assert_true(ws_deflate_once(&streams, 15, 1, &packed));
	for (unsigned i = 0; i < MEMBERS; i++) {
		rig->host.compression = agreed[i];
		open_ws(rig, &clients[i]);
		before[i] = segments_received(&clients[i]);
		assert_true(transport_ops(rig->host.transport)
				    ->send_joined(rig->host.transport, joined));
	}
	ws_joined_free(joined);
	for (unsigned i = 0; i < MEMBERS; i++) {
		bool is_packed = agreed[i] != NULL;

		client_expect_frame(rig, &clients[i], WS_TEXT, "first", 5);
		client_expect_frame(rig, &clients[i], WS_TEXT | (is_packed ? WS_COMPRESSED : 0),
			is_packed ? packed.ptr : text, is_packed ? packed.len : sizeof(text));
		client_expect_frame(rig, &clients[i], WS_TEXT, "last", 4);
		assert_int_equal(segments_received(&clients[i]) - before[i], 1);
		client_close(&clients[i]);
	}
	ws_deflate_shared_fini(&streams);
}

/* Where one may be dropped and the other not, each is asked for by itself; so when it is full. */
static void joined_messages_are_not_for_who_may_miss_one(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct transport *member;
	static const char text[2000] = {'a'};
	struct ws_joined *joined = joined_new((struct span){text, sizeof(text)});

	rig->host.limits.queue_bytes = sizeof(text);
	open_ws(rig, &client);
	member = rig->host.transport;
	assert_false(transport_ops(member)->send_joined(member, joined));
	client_close(&client);
	rig->host.limits.queue_bytes = 1 << 20;
	rig->host.limits.overflow = OVERFLOW_DROP_OLDEST;
	open_ws(rig, &client);
	member = rig->host.transport;
	assert_false(transport_ops(member)->send_joined(member, joined));
	transport_ops(member)->send(member, WS_TEXT, SPAN("nothing came before"), 0);
	client_expect_frame(rig, &client, WS_TEXT, "nothing came before", 19);
	client_close(&client);
	ws_joined_free(joined);
}

static void pings_are_answered_and_pongs_are_not(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *big = xcalloc(1, 125);

	open_ws(rig, &client);
	client_frame(rig, &client, 10, "unasked", 7);
	client_frame(rig, &client, 9, "", 0);
	client_frame(rig, &client, 9, big, 125);
	client_text(rig, &client, "end");
	client_expect_frame(rig, &client, 10, "", 0);
	client_expect_frame(rig, &client, 10, big, 125);
	client_expect_frame(rig, &client, 1, "end", 3);
	client_close(&client);
	free(big);
}

/* ---- back pressure -------------------------------------------------------------------------- */

static void a_full_socket_is_waited_for_and_drained(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *block = xcalloc(1, 10000);

	open_small(rig, &client);
	client_text(rig, &client, "flood 1000");
	rig_expect_log(rig, "message flood 1000");
	assert_true(transport_ops(rig->host.transport)->queued(rig->host.transport) > 0);
	assert_null(strstr(fake_host_log(&rig->host), "drained"));
	for (unsigned i = 0; i < 1000; i++)
		client_expect_frame(rig, &client, 2, block, 10000);
	rig_expect_log(rig, "drained");
	assert_int_equal(rig->host.refused_sends, 0);
	assert_int_equal(transport_ops(rig->host.transport)->queued(rig->host.transport), 0);
	client_close(&client);
	free(block);
}

static void large_messages_to_a_slow_reader_arrive_whole(void **state)
{
	enum { BYTES = 4000000 };
	struct rig *rig = *state;
	struct client client;
	char *payload = pattern(BYTES);

	open_small(rig, &client);
	for (unsigned i = 0; i < 3; i++)
		assert_true(fake_send(&rig->host, payload, BYTES - i));
	assert_true(fake_send(&rig->host, "last", 4));
	for (unsigned i = 0; i < 3; i++)
		client_expect_frame(rig, &client, 2, payload, BYTES - i);
	client_expect_frame(rig, &client, 2, "last", 4);
	client_close(&client);
	free(payload);
}

/* Then what was received is queued itself, not a copy. */
static void large_messages_are_sent_on_to_a_slow_reader(void **state)
{
	enum { BYTES = 1000000 };
	struct rig *rig = *state;
	struct client client;
	char *payload = pattern(BYTES);

	open_small(rig, &client);
	for (unsigned i = 0; i < 4; i++)
		client_frame(rig, &client, 2, payload, BYTES - i);
	client_text(rig, &client, "last");
	rig_expect_log(rig, "message last");
	for (unsigned i = 0; i < 4; i++)
		client_expect_frame(rig, &client, 2, payload, BYTES - i);
	client_expect_frame(rig, &client, 1, "last", 4);
	assert_int_equal(rig->host.refused_sends, 0);
	client_close(&client);
	free(payload);
}

static void a_message_over_the_bound_is_not_queued(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *payload = xcalloc(1, 1000);

	rig->host.limits.queue_bytes = 1003;
	open_ws(rig, &client);
	assert_false(fake_send(&rig->host, payload, 1000));
	assert_false(fake_send(&rig->host, payload, SIZE_MAX - 5));
	/* Many times the bound in one turn is fine while the socket takes it. */
	for (unsigned i = 0; i < 5; i++)
		assert_true(fake_send(&rig->host, payload, 999));
	client_skip(rig, &client, 5 * 1003);
	client_close(&client);
	free(payload);
}

static void a_peer_that_pings_and_never_reads_gets_no_endless_pongs(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf pings = {0};
	char *payload = xcalloc(1, 125);

	rig->host.limits.queue_bytes = 100000;
	for (unsigned i = 0; i < 500; i++)
		frame_put(&pings, 9, payload, 125);
	open_small(rig, &client);
	for (unsigned i = 0; i < 200; i++)
		client_send(rig, &client, pings.data, pings.len);
	assert_in_range(transport_ops(rig->host.transport)->queued(rig->host.transport), 100000,
		100000 + 127);
	client_close(&client);
	buf_fini(&pings);
	free(payload);
}

/* Those of a generation that came later hold from its next message on. */
static void limits_change_between_messages_only(void **state)
{
	struct transport_limits small = {.message_bytes = 8, .queue_bytes = 100, .close_ms = 1000};
	struct rig *rig = *state;
	struct transport *transport;
	struct client client;
	struct buf part = {0};

	open_ws(rig, &client);
	client_text(rig, &client, "begin");
	client_expect_frame(rig, &client, 1, "begin", 5);
	transport = rig->host.transport;
	frame_put(&part, 1, "not small", 9);
	client_send(rig, &client, part.data, part.len - 3);
	for (unsigned i = 0; i < 20; i++)
		rig_turn(rig);
	assert_false(transport_ops(transport)->set_limits(transport, &small));
	client_send(rig, &client, part.data + part.len - 3, 3);
	client_expect_frame(rig, &client, 1, "not small", 9);
	assert_true(transport_ops(transport)->set_limits(transport, &small));
	client_text(rig, &client, "small");
	client_expect_frame(rig, &client, 1, "small", 5);
	client_text(rig, &client, "not small");
	rig_expect_log(rig, "1009");
	client_close(&client);
	buf_fini(&part);
}

static void a_pause_stops_reading_until_it_is_over(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};

	open_ws(rig, &client);
	frame_put(&all, 1, "pause", 5);
	frame_put(&all, 1, "same read", 9);
	assert_int_equal(send(client.fd, all.data, all.len, 0), all.len);
	rig_expect_log(rig, "message same read");
	client_text(rig, &client, "next read");
	for (unsigned i = 0; i < 20; i++)
		rig_turn(rig);
	assert_null(strstr(fake_host_log(&rig->host), "next read"));
	transport_ops(rig->host.transport)->set_paused(rig->host.transport, false);
	client_expect_frame(rig, &client, 1, "same read", 9);
	client_expect_frame(rig, &client, 1, "next read", 9);
	assert_string_equal(fake_host_log(&rig->host),
		"request /ws\nmessage pause\nmessage same read\nmessage next read\n");
	client_close(&client);
	buf_fini(&all);
}

/* That it reads slowly is no reason not to hear it: what it says next may be what ends the flood.
 */
static void what_was_held_back_is_heard_although_the_socket_is_full(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};

	open_small(rig, &client);
	client_text(rig, &client, "flood 1000");
	rig_expect_log(rig, "message flood 1000");
	frame_put(&all, 1, "hold", 4);
	frame_put(&all, 1, "same read", 9);
	client_send(rig, &client, all.data, all.len);
	rig_expect_log(rig, "message hold");
	assert_null(strstr(fake_host_log(&rig->host), "same read"));
	transport_ops(rig->host.transport)->set_held(rig->host.transport, false);
	rig_expect_log(rig, "message same read");
	client_close(&client);
	buf_fini(&all);
}

/* ---- closing -------------------------------------------------------------------------------- */

static const struct {
	const char *payload; /* of the peer's close frame; code in front */
	size_t len;
	const char *log;
} closes[] = {
	{"\x03\xe8", 2, "end 1000 \"\" by peer\n"},
	{"\x03\xe8"
	 "going home",
		12, "end 1000 \"going home\" by peer\n"},
	{"\x0f\xa0"
	 "own",
		5, "end 4000 \"own\" by peer\n"},
	{"", 0, "end 1005 \"\" by peer\n"},
};

/* What follows the peer's close frame is none of ours, as in case 7.1.5 of the public suite. */
static void the_peer_closes(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++) {
		struct client client;
		struct buf all = {0};

		open_ws(rig, &client);
		frame_put(&all, 1, "hello", 5);
		frame_put(&all, 8, closes[i].payload, closes[i].len);
		frame_put(&all, 1, "ignored", 7);
		frame_put(&all, 9, "", 0);
		client_send(rig, &client, all.data, all.len);
		client_expect_frame(rig, &client, 1, "hello", 5);
		client_expect_frame(rig, &client, 8, closes[i].payload, closes[i].len);
		client_expect_end(rig, &client);
		rig_expect_log(rig, closes[i].log);
		assert_null(strstr(fake_host_log(&rig->host), "ignored"));
		client_close(&client);
		rig_expect_connections(rig, 0);
		buf_fini(&all);
	}
}

/* A peer that does not answer our FIN is not waited for longer than close_ms. */
static void a_peer_that_stays_after_closing_is_dropped(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.close_ms = 40;
	open_ws(rig, &client);
	client_close_frame(rig, &client, 1000);
	client_expect_close(rig, &client, 1000, "");
	client_expect_end(rig, &client);
	rig_expect_connections(rig, 0);
	client_close(&client);
}

static void the_plugin_closes_and_the_peer_answers(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};

	open_ws(rig, &client);
	frame_put(&all, 1, "close", 5);
	frame_put(&all, 1, "ignored", 7);
	frame_put(&all, 9, "", 0);
	client_send(rig, &client, all.data, all.len);
	client_expect_close(rig, &client, 4000, "bye");
	client_text(rig, &client, "ignored too");
	rig_turn(rig);
	assert_int_equal(worker_connection_count(rig->worker), 1);
	client_close_frame(rig, &client, 4000);
	client_expect_end(rig, &client);
	assert_string_equal(fake_host_log(&rig->host), "request /ws\nmessage close\n");
	client_close(&client);
	rig_expect_connections(rig, 0);
	buf_fini(&all);
}

/* A pause must not keep the answer from being read. */
static void a_paused_plugin_closes_and_the_peer_answers(void **state)
{
	struct rig *rig = *state;
	struct client client;

	open_ws(rig, &client);
	client_text(rig, &client, "pause");
	rig_expect_log(rig, "message pause");
	fake_close(&rig->host, 1000, "");
	client_expect_close(rig, &client, 1000, "");
	client_close_frame(rig, &client, 1000);
	client_expect_end(rig, &client);
	client_close(&client);
	rig_expect_connections(rig, 0);
}

static void the_plugin_closes_and_the_peer_does_not_answer(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.close_ms = 40;
	open_ws(rig, &client);
	client_text(rig, &client, "close");
	client_expect_close(rig, &client, 4000, "bye");
	rig_expect_connections(rig, 0);
	client_close(&client);
}

static void a_close_behind_a_full_queue_ends_in_time(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.close_ms = 40;
	rig->host.limits.queue_bytes = 8000000;
	open_small(rig, &client);
	client_text(rig, &client, "flood 2000");
	rig_expect_log(rig, "message flood 2000");
	assert_true(rig->host.refused_sends > 0);
	fake_close(&rig->host, 1013, "reads too slowly");
	rig_expect_connections(rig, 0);
	client_close(&client);
}

static const struct {
	const char *frame;
	size_t len;
	unsigned code;
	const char *reason;
} broken[] = {
	{"\x81\x01x", 3, 1002, "incorrect masking"},
	{"\xc1\x80\0\0\0\0", 6, 1002, "reserved bits must be 0"},
	{"\x83\x80\0\0\0\0", 6, 1002, "invalid opcode"},
	{"\x80\x80\0\0\0\0", 6, 1002, "unexpected continuation frame"},
	{"\x81\x81\0\0\0\0\xff", 7, 1007, ""},
	{"\x81\xff\0\0\0\0\0\x10\0\1\0\0\0\0", 14, 1009,
		"frame with 1048577 bytes exceeds limit of 1048576 bytes"},
	{"\x88\x82\0\0\0\0\0\0", 8, 1002, "invalid status code"},
};

static void a_broken_rule_is_told_after_what_was_good(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct client client;
		struct buf all = {0}, log = {0};

		rig->host.log.len = 0;
		open_ws(rig, &client);
		frame_put(&all, 1, "good", 4);
		buf_append(&all, broken[i].frame, broken[i].len);
		frame_put(&all, 1, "ignored", 7);
		client_send(rig, &client, all.data, all.len);
		client_expect_frame(rig, &client, 1, "good", 4);
		client_expect_close(rig, &client, broken[i].code, broken[i].reason);
		client_expect_end(rig, &client);
		buf_printf(&log, "request /ws\nmessage good\nend %u \"%s\" by host\n",
			broken[i].code, broken[i].reason);
		assert_string_equal(fake_host_log(&rig->host), log.data);
		client_close(&client);
		buf_fini(&all);
		buf_fini(&log);
	}
	rig_expect_connections(rig, 0);
}

static void a_lost_connection_is_1006(void **state)
{
	const struct linger reset = {1, 0};
	struct rig *rig = *state;
	struct client client;

	open_ws(rig, &client);
	client_close(&client);
	rig_expect_log(rig, "request /ws\nend 1006 \"\" by peer\n");
	rig_expect_connections(rig, 0);

	rig->host.log.len = 0;
	open_ws(rig, &client);
	setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&client);
	rig_expect_log(rig, "request /ws\nend 1006 \"\" by peer\n");
	rig_expect_connections(rig, 0);
}

struct resetter {
	struct rig *rig;
	struct client *client;
};

static void close_and_reset(void *arg)
{
	const struct linger reset = {1, 0};
	struct resetter *resetter = arg;
	struct buf frame = {0};

	frame_put(&frame, 8, "\x03\xe9", 2);
	assert_int_equal(send(resetter->client->fd, frame.data, frame.len, 0), frame.len);
	setsockopt(resetter->client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(resetter->client);
	/* Fails, and is told at the end of the turn: not from inside send. */
	assert_true(fake_send(&resetter->rig->host, "x", 1));
	assert_string_equal(fake_host_log(&resetter->rig->host), "request /ws\n");
	buf_fini(&frame);
}

/* In the middle of a turn, so that sending meets the reset before reading does. */
static void a_close_frame_before_a_reset_is_heard(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct resetter resetter = {rig, &client};
	struct loop *loop = worker_loop(rig->worker);
	struct loop_timer *timer;

	open_ws(rig, &client);
	timer = loop->ops->timer_start(loop, 0, 0, close_and_reset, &resetter);
	rig_expect_log(rig, "request /ws\nend 1001 \"\" by peer\n");
	rig_expect_connections(rig, 0);
	loop->ops->timer_stop(timer);
}

/* ---- silence -------------------------------------------------------------------------------- */

/* Eight bytes of the host's choice. */
static void expect_ping(struct rig *rig, struct client *client, char stamp[8])
{
	client_expect(rig, client, "\x89\x08", 2);
	client_take(rig, client, stamp, 8);
}

static void silence_is_pinged_and_an_answer_keeps_it_open(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char stamp[8];

	rig->host.limits.ping_interval_ms = 40;
	rig->host.limits.ping_timeout_ms = 1000000;
	open_ws(rig, &client);
	for (unsigned i = 0; i < 3; i++) {
		expect_ping(rig, &client, stamp);
		client_frame(rig, &client, 10, "", 0);
	}
	client_close(&client);
}

static void only_an_answer_to_the_last_ping_is_measured(void **state)
{
	struct rig *rig = *state;
	struct transport_rtt rtt;
	struct client client;
	char stamp[8];

	rig->host.limits.ping_interval_ms = 30;
	rig->host.limits.ping_timeout_ms = 1000000;
	open_ws(rig, &client);
	expect_ping(rig, &client, stamp);
	client_frame(rig, &client, 10, "made up!", 8);
	expect_ping(rig, &client, stamp);
	rtt = transport_ops(rig->host.transport)->rtt(rig->host.transport);
	assert_int_equal(rtt.last_us, 0);
	client_frame(rig, &client, 10, stamp, 8);
	expect_ping(rig, &client, stamp);
	rtt = transport_ops(rig->host.transport)->rtt(rig->host.transport);
	assert_true(rtt.last_us > 0 && rtt.last_us == rtt.smoothed_us);
	client_close(&client);
}

/* ---- rates ---------------------------------------------------------------------------------- */

static void send_ten(struct rig *rig, struct client *client)
{
	struct buf all = {0};

	for (char digit = '0'; digit <= '9'; digit++)
		frame_put(&all, 1, &digit, 1);
	client_send(rig, client, all.data, all.len);
	buf_fini(&all);
}

static void expect_digits(struct rig *rig, struct client *client, const char *digits)
{
	for (; *digits != '\0'; digits++)
		client_expect_frame(rig, client, 1, digits, 1);
}

static void what_is_over_the_rate_waits(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.messages_per_s = 50;
	rig->host.limits.messages_burst = 3;
	open_ws(rig, &client);
	send_ten(rig, &client);
	expect_digits(rig, &client, "012");
	assert_null(strstr(fake_host_log(&rig->host), "message 9"));
	expect_digits(rig, &client, "3456789");
	/* One that waits may close, and is heard. */
	send_ten(rig, &client);
	client_close_frame(rig, &client, 1000);
	expect_digits(rig, &client, "0");
	rig_expect_log(rig, "end 1000");
	client_close(&client);
	rig_expect_connections(rig, 0);
}

static void what_is_over_the_rate_is_dropped(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.messages_per_s = 1;
	rig->host.limits.messages_burst = 3;
	rig->host.limits.excess = EXCESS_TO_REFUSE;
	open_ws(rig, &client);
	send_ten(rig, &client);
	client_close_frame(rig, &client, 1000);
	expect_digits(rig, &client, "012");
	client_expect_close(rig, &client, 1000, "");
	client_close(&client);
	rig_expect_connections(rig, 0);
}

static const struct {
	uint64_t messages, bytes;
	unsigned opcode;
	size_t payload;
	const char *reason;
} floods[] = {
	{5, 0, 1, 0, "more than 5 frames a second"},
	{5, 0, 9, 0, "more than 5 frames a second"},
	{5, 0, 10, 100, "more than 5 frames a second"},
	{0, 500, 1, 94, "more than 500 bytes a second"},
};

static void who_is_over_the_rate_is_closed(void **state)
{
	static const char payload[100];
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		struct client client;
		struct buf all = {0};
		char log[100];

		rig->host.limits.messages_per_s = floods[i].messages;
		rig->host.limits.bytes_per_s = floods[i].bytes;
		rig->host.limits.excess = EXCESS_TO_CLOSE;
		open_ws(rig, &client);
		for (unsigned n = 0; n < 6; n++)
			frame_put(&all, floods[i].opcode, payload, floods[i].payload);
		client_send(rig, &client, all.data, all.len);
		snprintf(log, sizeof(log), "end 1008 \"%s\" by host\n", floods[i].reason);
		rig_expect_log(rig, log);
		client_close(&client);
		rig_expect_connections(rig, 0);
		buf_fini(&all);
	}
}

/* ---- time ----------------------------------------------------------------------------------- */

static void a_message_that_does_not_end_is_closed(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf part = {0};
	unsigned count = 0;

	rig->host.limits.message_time_ms = 300;
	rig->host.limits.close_ms = 50;
	open_ws(rig, &client);
	frame_put(&part, 1, "never whole", 11);
	client_send(rig, &client, part.data, 3);
	/* Its pings are no excuse; here it cannot even send one. */
	client_expect_close(rig, &client, 1008, "message timeout");
	rig_expect_log(rig, "end 1008 \"message timeout\" by host\n");
	rig_expect_connections(rig, 0);
	client_close(&client);
	/* One that is always within one, but another one, is fine. */
	rig->host.limits.message_time_ms = 100000;
	open_ws(rig, &client);
	for (; count < 20; count++) {
		client_send(rig, &client, part.data, part.len - 1);
		client_send(rig, &client, part.data + part.len - 1, 1);
		client_expect_frame(rig, &client, 1, "never whole", 11);
	}
	client_close(&client);
	buf_fini(&part);
}

static void a_connection_ends_with_its_lifetime(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.lifetime_ms = 60;
	rig->host.limits.lifetime_spread_ms = 60;
	open_ws(rig, &client);
	client_text(rig, &client, "pause");
	rig_expect_log(rig, "end 1001 \"lifetime over\" by host\n");
	free(client_read_to(rig, &client, "lifetime over"));
	client_close_frame(rig, &client, 1001);
	client_expect_end(rig, &client);
	client_close(&client);
	rig_expect_connections(rig, 0);
}

static void a_peer_that_answers_no_ping_is_dropped(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char stamp[8];

	rig->host.limits.ping_interval_ms = 40;
	rig->host.limits.ping_timeout_ms = 40;
	rig->host.limits.close_ms = 50;
	open_ws(rig, &client);
	expect_ping(rig, &client, stamp);
	client_expect_close(rig, &client, 1011, "keepalive ping timeout");
	rig_expect_log(rig, "end 1011 \"keepalive ping timeout\" by host\n");
	rig_expect_connections(rig, 0);
	client_close(&client);
}

/* Its answers cannot be read: that is the plugin's wish and not the peer's fault. */
static void a_paused_peer_is_not_blamed_for_silence(void **state)
{
	struct rig *rig = *state;
	struct client client, witness;
	char stamp[8];

	rig->host.limits.ping_interval_ms = 20;
	rig->host.limits.ping_timeout_ms = 20;
	open_ws(rig, &client);
	client_text(rig, &client, "pause");
	rig_expect_log(rig, "message pause");
	rig->host.limits.ping_interval_ms = 100;
	open_ws(rig, &witness);
	expect_ping(rig, &witness, stamp);
	rig_expect_log(rig, "end 1011");
	assert_int_equal(rig->host.transport, NULL);
	client_close(&witness);
	rig_expect_connections(rig, 1);
	assert_null(strstr(strstr(fake_host_log(&rig->host), "end 1011") + 1, "end"));
	client_close(&client);
}

static void a_paused_peer_that_has_gone_is_noticed(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.limits.ping_interval_ms = 20;
	open_ws(rig, &client);
	client_text(rig, &client, "pause");
	rig_expect_log(rig, "message pause");
	client_close(&client);
	rig_expect_log(rig, "end 1006");
	rig_expect_connections(rig, 0);
}

static void a_paused_peer_is_not_idle(void **state)
{
	struct rig *rig = *state;
	struct client client, witness;
	struct transport *paused;

	rig->host.limits.idle_ms = 100;
	open_ws(rig, &client);
	client_text(rig, &client, "pause");
	rig_expect_log(rig, "message pause");
	paused = rig->host.transport;
	rig->host.limits.idle_ms = 300;
	open_ws(rig, &witness);
	rig_expect_log(rig, "end 1001");
	client_text(rig, &client, "sent meanwhile");
	transport_ops(paused)->set_paused(paused, false);
	client_expect_frame(rig, &client, 1, "sent meanwhile", 14);
	rig->host.transport = NULL;
	free(client_read_to(rig, &client, "idle timeout"));
	client_close(&client);
	client_close(&witness);
}

static void idle_counts_messages_only(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char stamp[8];

	rig->host.limits.idle_ms = 400;
	rig->host.limits.ping_interval_ms = 30;
	rig->host.limits.ping_timeout_ms = 1000000;
	open_ws(rig, &client);
	expect_ping(rig, &client, stamp);
	client_frame(rig, &client, 10, "", 0);
	expect_ping(rig, &client, stamp);
	client_frame(rig, &client, 10, "", 0);
	rig_expect_log(rig, "end 1001 \"idle timeout\" by host\n");
	free(client_read_to(rig, &client, "idle timeout"));
	client_close_frame(rig, &client, 1001);
	client_expect_end(rig, &client);
	client_close(&client);
	rig_expect_connections(rig, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_of_all_sizes_come_back),
		TEST(frames_in_the_packet_of_the_handshake_are_kept),
		TEST(a_handshake_in_single_bytes_and_a_greeting),
		TEST(replies_to_one_read_leave_in_one_send),
		TEST(what_a_turn_publishes_leaves_in_one_send),
		TEST(messages_are_compressed_where_that_was_agreed_on),
		TEST(joined_messages_are_compressed_where_that_was_agreed_on),
		TEST(joined_messages_are_not_for_who_may_miss_one),
		TEST(pings_are_answered_and_pongs_are_not),
		TEST(a_full_socket_is_waited_for_and_drained),
		TEST(large_messages_to_a_slow_reader_arrive_whole),
		TEST(large_messages_are_sent_on_to_a_slow_reader),
		TEST(a_message_over_the_bound_is_not_queued),
		TEST(a_peer_that_pings_and_never_reads_gets_no_endless_pongs),
		TEST(limits_change_between_messages_only),
		TEST(a_pause_stops_reading_until_it_is_over),
		TEST(what_was_held_back_is_heard_although_the_socket_is_full),
		TEST(the_peer_closes),
		TEST(a_peer_that_stays_after_closing_is_dropped),
		TEST(the_plugin_closes_and_the_peer_answers),
		TEST(a_paused_plugin_closes_and_the_peer_answers),
		TEST(the_plugin_closes_and_the_peer_does_not_answer),
		TEST(a_close_behind_a_full_queue_ends_in_time),
		TEST(a_broken_rule_is_told_after_what_was_good),
		TEST(a_lost_connection_is_1006),
		TEST(a_close_frame_before_a_reset_is_heard),
		TEST(silence_is_pinged_and_an_answer_keeps_it_open),
		TEST(only_an_answer_to_the_last_ping_is_measured),
		TEST(what_is_over_the_rate_waits),
		TEST(what_is_over_the_rate_is_dropped),
		TEST(who_is_over_the_rate_is_closed),
		TEST(a_message_that_does_not_end_is_closed),
		TEST(a_connection_ends_with_its_lifetime),
		TEST(a_peer_that_answers_no_ping_is_dropped),
		TEST(a_paused_peer_is_not_blamed_for_silence),
		TEST(a_paused_peer_that_has_gone_is_noticed),
		TEST(a_paused_peer_is_not_idle),
		TEST(idle_counts_messages_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
