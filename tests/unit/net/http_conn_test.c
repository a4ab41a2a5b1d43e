/*
 * Requests are answered one by one and in order, however their bytes come; a connection that
 * stalls or breaks a rule is told so and ended. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/rig.h"

static void a_connection_serves_many_requests(void **state)
{
	struct rig *rig = *state;
	struct client client;

	client_open(rig, &client);
	for (unsigned i = 0; i < 3; i++) {
		client_get(rig, &client, "/text");
		client_expect_answer(rig, &client, 200, "/text");
	}
	assert_int_equal(worker_connection_count(rig->worker), 1);
	client_close(&client);
	rig_expect_connections(rig, 0);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};
	char path[16];

	client_open(rig, &client);
	for (unsigned i = 0; i < 50; i++)
		buf_printf(&all, "GET /%u HTTP/1.1\r\nHost: x\r\n\r\n", i);
	client_send(rig, &client, all.data, all.len);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		client_expect_answer(rig, &client, 200, path);
	}
	client_close(&client);
	buf_fini(&all);
}

/* More answers than the socket takes: reading has to stop, and to go on. */
static void a_pipeline_waits_for_a_slow_reader(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf all = {0};

	rig->host.big_bytes = 1000000;
	client_open_small(rig, &client);
	for (unsigned i = 0; i < 20; i++)
		buf_printf(&all, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	client_send(rig, &client, all.data, all.len);
	for (unsigned i = 0; i < 20; i++) {
		char *head = client_read_to(rig, &client, "\r\n\r\n");

		assert_non_null(strstr(head, "\r\nContent-Length: 1000000\r\n"));
		free(head);
		client_skip(rig, &client, 1000000);
	}
	client_close(&client);
	buf_fini(&all);
}

static void a_head_may_come_byte_by_byte(void **state)
{
	struct rig *rig = *state;
	const char *request = "GET /bytes HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
	struct client client;

	client_open(rig, &client);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; request[i] != '\0'; i++)
			client_send(rig, &client, request + i, 1);
		client_expect_answer(rig, &client, 200, "/bytes");
	}
	client_close(&client);
}

static const struct {
	const char *request, *connection; /* "" when there is to be no such header */
} endings[] = {
	{"GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n"},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive\r\n"},
	{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
	{"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "Connection: close\r\n"},
	{"GET /close HTTP/1.1\r\nHost: x\r\n\r\n", "Connection: close\r\n"},
	{"nonsense\r\n\r\n", "Connection: close\r\n"},
	{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", "Connection: close\r\n"},
	{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
		"Connection: close\r\n"},
	{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		"Connection: close\r\n"},
	{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", ""},
};

static void each_answer_says_whether_it_is_the_last(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct client client;
		char *head, *line;

		client_open(rig, &client);
		client_say(rig, &client, endings[i].request);
		head = client_read_to(rig, &client, "\r\n\r\n");
		line = strstr(head, "Connection: ");
		if (strncmp(line == NULL ? "" : line, endings[i].connection,
			    strlen(endings[i].connection)) != 0 ||
			(line != NULL) != (endings[i].connection[0] != '\0'))
			fail_msg("%s\nwanted \"%s\", found:\n%s", endings[i].request,
				endings[i].connection, head);
		client_skip(rig, &client, strtoul(strstr(head, "Content-Length: ") + 16, NULL, 10));
		if (line != NULL && strstr(line, "close") != NULL) {
			client_expect_end(rig, &client);
		} else {
			client_get(rig, &client, "/again");
			client_expect_answer(rig, &client, 200, "/again");
		}
		free(head);
		client_close(&client);
	}
	rig_expect_connections(rig, 0);
}

static void a_short_body_is_skipped(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *body = xcalloc(1, 65536);

	client_open(rig, &client);
	client_say(rig, &client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
	client_send(rig, &client, body, 65536);
	client_get(rig, &client, "/b");
	client_expect_answer(rig, &client, 200, "/a");
	client_expect_answer(rig, &client, 200, "/b");
	client_close(&client);
	free(body);
}

/* The answer would be lost if the rest of the body met a closed socket. */
static void an_answer_survives_the_body_behind_it(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *body = xcalloc(1, 200000);

	client_open(rig, &client);
	client_say(rig, &client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
	for (unsigned i = 0; i < 20; i++)
		client_send(rig, &client, body, 10000);
	assert_false(client.is_refused);
	client_expect_answer(rig, &client, 200, "/a");
	client_expect_end(rig, &client);
	client_close(&client);
	rig_expect_connections(rig, 0);
	free(body);
}

static void endless_garbage_is_cut_off(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char *garbage = xcalloc(1, 1 << 20);

	memset(garbage, 'x', 1 << 20);
	client_open(rig, &client);
	client_send(rig, &client, garbage, 1 << 20);
	rig_expect_connections(rig, 0);
	client_close(&client);
	free(garbage);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
	struct rig *rig = *state;
	struct client client;

	rig->host.big_bytes = 3000000;
	client_open_small(rig, &client);
	client_say(rig, &client, "GET /big HTTP/1.0\r\n\r\n");
	shutdown(client.fd, SHUT_WR);
	free(client_read_to(rig, &client, "\r\n\r\n"));
	client_skip(rig, &client, 3000000);
	client_expect_end(rig, &client);
	client_close(&client);
}

static void half_a_head_and_an_end_is_a_bad_request(void **state)
{
	struct rig *rig = *state;
	struct client client;

	client_open(rig, &client);
	client_say(rig, &client, "GET / HTTP/1.1\r\nHost:");
	shutdown(client.fd, SHUT_WR);
	client_expect_answer(rig, &client, 400, "the connection ended within the request head");
	client_expect_end(rig, &client);
	client_close(&client);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void make_file(struct rig *rig, char path[32], size_t bytes)
{
	char *content = xmalloc(bytes);
	int fd;

	strcpy(path, "/tmp/socklet-http.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (size_t i = 0; i < bytes; i++)
		content[i] = (char)('a' + i % 26);
	assert_int_equal(write(fd, content, bytes), bytes);
	close(fd);
	free(content);
	rig->host.file = path;
	rig->host.file_bytes = bytes;
}

static void a_file_arrives_whole_and_the_next_answer_behind_it(void **state)
{
	enum { BYTES = 5000000 };
	struct rig *rig = *state;
	struct client client;
	char path[32];

	make_file(rig, path, BYTES);
	client_open_small(rig, &client);
	client_get(rig, &client, "/file");
	client_get(rig, &client, "/text");
	free(client_read_to(rig, &client, "\r\n\r\n"));
	client_expect(rig, &client, "abcdef", 6);
	client_skip(rig, &client, BYTES - 6 - 2);
	client_expect(rig, &client, (char[]){'a' + (BYTES - 2) % 26, 'a' + (BYTES - 1) % 26}, 2);
	client_expect_answer(rig, &client, 200, "/text");
	client_close(&client);
	unlink(path);
}

static void a_head_request_gets_the_length_only(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char path[32], *head;

	make_file(rig, path, 1234);
	client_open(rig, &client);
	client_say(rig, &client, "HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
	head = client_read_to(rig, &client, "\r\n\r\n");
	assert_non_null(strstr(head, "\r\nContent-Length: 1234\r\n"));
	free(head);
	client_get(rig, &client, "/text");
	client_expect_answer(rig, &client, 200, "/text");
	/* What cannot be read was no HEAD, whatever came before. */
	client_say(rig, &client, "HEAD /text HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
	free(client_read_to(rig, &client, "\r\n\r\n"));
	head = client_read_to(rig, &client, "\r\n\r\n");
	assert_non_null(strstr(head, "HTTP/1.1 400 "));
	client_skip(rig, &client, strtoul(strstr(head, "Content-Length: ") + 16, NULL, 10));
	client_expect_end(rig, &client);
	free(head);
	client_close(&client);
	unlink(path);
}

static void a_file_that_shrinks_ends_the_connection(void **state)
{
	struct rig *rig = *state;
	struct client client;
	char path[32];

	make_file(rig, path, 20000000);
	client_open_small(rig, &client);
	client_get(rig, &client, "/file");
	free(client_read_to(rig, &client, "\r\n\r\n"));
	assert_int_equal(truncate(path, 100), 0);
	client_skip_to_end(rig, &client);
	client_close(&client);
	rig_expect_connections(rig, 0);
	unlink(path);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void an_idle_connection_is_closed_silently(void **state)
{
	struct rig *rig = *state;
	struct client fresh, used;

	worker_set_handshake_ms(rig->worker, 50);
	client_open(rig, &fresh);
	client_open(rig, &used);
	client_get(rig, &used, "/text");
	client_expect_answer(rig, &used, 200, "/text");
	client_expect_end(rig, &fresh);
	client_expect_end(rig, &used);
	client_close(&fresh);
	client_close(&used);
}

static void half_a_head_is_answered_408(void **state)
{
	struct rig *rig = *state;
	struct client client;

	worker_set_handshake_ms(rig->worker, 50);
	client_open(rig, &client);
	client_say(rig, &client, "GET / HTTP/1.1\r\nHo");
	client_expect_answer(rig, &client, 408, "the request head took longer than 50 ms");
	client_expect_end(rig, &client);
	client_close(&client);
}

static void a_client_that_never_reads_is_dropped(void **state)
{
	struct rig *rig = *state;
	struct client client;

	worker_set_handshake_ms(rig->worker, 50);
	rig->host.big_bytes = 20000000;
	client_open_small(rig, &client);
	client_get(rig, &client, "/big");
	rig_expect_log(rig, "request /big");
	rig_expect_connections(rig, 0);
	client_close(&client);
}

/* ---- handshakes that wait for the plugin ---------------------------------------------------- */

static void open_later(struct rig *rig, struct client *client)
{
	client_open(rig, client);
	client_say(rig, client,
		"GET /later HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	rig_expect_log(rig, "request /later");
}

static void a_late_answer_finds_the_frames_that_waited(void **state)
{
	struct rig *rig = *state;
	struct client client;

	open_later(rig, &client);
	client_text(rig, &client, "early");
	client_text(rig, &client, "bird");
	rig_turn(rig);
	assert_null(strstr(fake_host_log(&rig->host), "message"));
	fake_accept(&rig->host);
	/* Not from inside upgrade. */
	assert_null(strstr(fake_host_log(&rig->host), "message"));
	client_text(rig, &client, "late");
	free(client_read_to(rig, &client, "\r\n\r\n"));
	client_expect_frame(rig, &client, 1, "early", 5);
	client_expect_frame(rig, &client, 1, "bird", 4);
	client_expect_frame(rig, &client, 1, "late", 4);
	client_close(&client);
}

static void a_late_refusal_ends_the_connection(void **state)
{
	struct rig *rig = *state;
	struct client client;

	open_later(rig, &client);
	client_text(rig, &client, "ignored");
	rig_turn(rig);
	fake_refuse(&rig->host);
	client_expect_answer(rig, &client, 403, "no");
	client_expect_end(rig, &client);
	client_close(&client);
}

static void a_peer_that_goes_meanwhile_ends_the_session(void **state)
{
	struct rig *rig = *state;
	struct client client;

	open_later(rig, &client);
	client_close(&client);
	rig_expect_log(rig, "end 1006 \"\" by peer");
	rig_expect_connections(rig, 0);
}

static void a_plugin_that_never_answers_is_503(void **state)
{
	struct rig *rig = *state;
	struct client client;

	worker_set_handshake_ms(rig->worker, 50);
	open_later(rig, &client);
	client_expect_answer(rig, &client, 503, "the plugin did not answer in time");
	rig_expect_log(rig, "end 1013 \"the plugin did not answer in time\" by host");
	client_expect_end(rig, &client);
	client_close(&client);
}

/* A peer that talks on while the plugin thinks fills its own socket, not our memory. */
static void waiting_bytes_are_bounded(void **state)
{
	struct rig *rig = *state;
	struct client client;
	struct buf frames = {0};
	size_t sent = 0;
	char *payload = xcalloc(1, 50000);

	for (unsigned i = 0; i < 400; i++)
		frame_put(&frames, 2, payload, 50000);
	rig->host.is_counting = true;
	open_later(rig, &client);
	for (unsigned i = 0; i < 2000 && sent < frames.len; i++) {
		ssize_t part = send(client.fd, frames.data + sent, frames.len - sent, MSG_DONTWAIT);

		sent += part < 0 ? 0 : (size_t)part;
		rig_turn(rig);
	}
	assert_true(sent < frames.len);
	fake_accept(&rig->host);
	client_send(rig, &client, frames.data + sent, frames.len - sent);
	client_frame(rig, &client, 8, "", 0);
	rig_expect_log(rig, "end 1005 \"\" by peer");
	assert_int_equal(rig->host.counted, 400);
	client_close(&client);
	buf_fini(&frames);
	free(payload);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connection_serves_many_requests),
		TEST(pipelined_requests_are_answered_in_order),
		TEST(a_pipeline_waits_for_a_slow_reader),
		TEST(a_head_may_come_byte_by_byte),
		TEST(each_answer_says_whether_it_is_the_last),
		TEST(a_short_body_is_skipped),
		TEST(an_answer_survives_the_body_behind_it),
		TEST(endless_garbage_is_cut_off),
		TEST(a_half_closed_client_gets_its_answer),
		TEST(half_a_head_and_an_end_is_a_bad_request),
		TEST(a_file_arrives_whole_and_the_next_answer_behind_it),
		TEST(a_head_request_gets_the_length_only),
		TEST(a_file_that_shrinks_ends_the_connection),
		TEST(an_idle_connection_is_closed_silently),
		TEST(half_a_head_is_answered_408),
		TEST(a_client_that_never_reads_is_dropped),
		TEST(a_late_answer_finds_the_frames_that_waited),
		TEST(a_late_refusal_ends_the_connection),
		TEST(a_peer_that_goes_meanwhile_ends_the_session),
		TEST(a_plugin_that_never_answers_is_503),
		TEST(waiting_bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
