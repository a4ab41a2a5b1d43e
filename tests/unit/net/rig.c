/*
 * The frames are put together by hand: no code is shared with wire/.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/listen_socket.h"

enum { PATIENCE_S = 20 };

const char ws_request[] = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
			  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct listener *rig_listen(struct rig *rig, const char *host, const char *port, struct err *why)
{
	int fd = listen_socket_open(host, port, why);

	return fd < 0 ? NULL : worker_listen(rig->worker, fd);
}

int rig_setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	struct err why;

	rig->worker = worker_new(&why);
	assert_non_null(rig->worker);
	fake_host_init(&rig->host, worker_loop(rig->worker));
	worker_set_host(rig->worker, &rig->host);
	rig->listener = rig_listen(rig, "127.0.0.1", "0", &why);
	if (rig->listener == NULL)
		fail_msg("cannot listen: %s", why.text);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	worker_drop_all(rig->worker);
	assert_int_equal(worker_connection_count(rig->worker), 0);
	worker_free(rig->worker);
	fake_host_fini(&rig->host);
	free(rig);
	return 0;
}

/* ---- waiting -------------------------------------------------------------------------------- */

void rig_turn(struct rig *rig)
{
	worker_turn(rig->worker, false);
}

void rig_until(struct rig *rig, bool (*done)(struct rig *, void *), void *context, const char *what)
{
	time_t end = time(NULL) + PATIENCE_S;

	while (!done(rig, context)) {
		if (time(NULL) > end)
			fail_msg("waited in vain for %s; the host's log:\n%s", what,
				fake_host_log(&rig->host));
		rig_turn(rig);
		poll(NULL, 0, 1);
	}
}

static bool has_log(struct rig *rig, void *context)
{
	return strstr(fake_host_log(&rig->host), context) != NULL;
}

void rig_expect_log(struct rig *rig, const char *expected)
{
	rig_until(rig, has_log, (void *)(uintptr_t)expected, expected);
}

static bool has_connections(struct rig *rig, void *context)
{
	return worker_connection_count(rig->worker) == *(size_t *)context;
}

void rig_expect_connections(struct rig *rig, size_t expected)
{
	char what[64];

	snprintf(what, sizeof(what), "%zu connections", expected);
	rig_until(rig, has_connections, &expected, what);
}

/* ---- clients -------------------------------------------------------------------------------- */

static void open_client(struct rig *rig, struct client *client, int receive_bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *text = listener_address(rig->listener);

	memset(client, 0, sizeof(*client));
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	if (receive_bytes != 0)
		setsockopt(
			client->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	address.sin_port = htons((uint16_t)atoi(strchr(text, ':') + 1));
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail_msg("cannot connect to %s: %s", text, strerror(errno));
}

void client_open(struct rig *rig, struct client *client)
{
	open_client(rig, client, 0);
}

void client_open_small(struct rig *rig, struct client *client)
{
	open_client(rig, client, 32768);
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_fini(&client->got);
}

void client_send(struct rig *rig, struct client *client, const void *data, size_t len)
{
	const char *bytes = data;
	time_t end = time(NULL) + PATIENCE_S;

	while (len > 0) {
		ssize_t sent = send(client->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN) {
			client->is_refused = true; /* what the host said is looked at next */
			return;
		}
		if (sent < 0 && time(NULL) > end)
			fail_msg("the host does not read: %zu bytes left", len);
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		}
		rig_turn(rig);
	}
}

void client_say(struct rig *rig, struct client *client, const char *text)
{
	client_send(rig, client, text, strlen(text));
}

static void receive(struct client *client)
{
	char *room = buf_reserve(&client->got, 65536);
	ssize_t len = recv(client->fd, room, 65536, MSG_DONTWAIT);

	if (len > 0)
		client->got.len += (size_t)len;
	else if (len == 0 || errno != EAGAIN)
		client->has_ended = true;
	if (len < 0 && errno != EAGAIN)
		client->is_reset = true;
}

struct wish {
	struct client *client;
	size_t bytes;
};

static bool has_bytes(struct rig *rig, void *context)
{
	struct wish *wish = context;

	(void)rig;
	receive(wish->client);
	return wish->client->got.len >= wish->bytes || wish->client->has_ended;
}

static void wait_bytes(struct rig *rig, struct client *client, size_t bytes)
{
	struct wish wish = {client, bytes};
	char what[64];

	snprintf(what, sizeof(what), "%zu bytes", bytes);
	rig_until(rig, has_bytes, &wish, what);
	if (client->got.len < bytes)
		fail_msg("the connection ended after %zu of %zu bytes: \"%.*s\"", client->got.len,
			bytes, (int)client->got.len, client->got.data);
}

static void drop(struct client *client, size_t len)
{
	client->got.len -= len;
	memmove(client->got.data, client->got.data + len, client->got.len);
}

void client_expect(struct rig *rig, struct client *client, const void *data, size_t len)
{
	wait_bytes(rig, client, len);
	assert_memory_equal(client->got.data, data, len);
	drop(client, len);
}

void client_take(struct rig *rig, struct client *client, void *out, size_t bytes)
{
	wait_bytes(rig, client, bytes);
	memcpy(out, client->got.data, bytes);
	drop(client, bytes);
}

void client_skip(struct rig *rig, struct client *client, size_t bytes)
{
	while (bytes > 0) {
		size_t part;

		wait_bytes(rig, client, 1);
		part = client->got.len < bytes ? client->got.len : bytes;
		drop(client, part);
		bytes -= part;
	}
}

struct line {
	struct client *client;
	const char *end;
};

static bool has_line(struct rig *rig, void *context)
{
	struct line *line = context;
	struct buf *got = &line->client->got;

	(void)rig;
	receive(line->client);
	return line->client->has_ended ||
	       (got->len > 0 && memmem(got->data, got->len, line->end, strlen(line->end)) != NULL);
}

char *client_read_to(struct rig *rig, struct client *client, const char *end)
{
	struct line line = {client, end};
	char *found = NULL, *text;
	size_t len;

	rig_until(rig, has_line, &line, end);
	if (client->got.len > 0)
		found = memmem(client->got.data, client->got.len, end, strlen(end));
	if (found == NULL)
		fail_msg("the connection ended without \"%s\": \"%.*s\"", end, (int)client->got.len,
			client->got.data);
	len = (size_t)(found - client->got.data) + strlen(end);
	text = xcalloc(1, len + 1);
	memcpy(text, client->got.data, len);
	drop(client, len);
	return text;
}

static bool has_ended(struct rig *rig, void *context)
{
	struct client *client = context;

	(void)rig;
	receive(client);
	return client->has_ended || client->got.len > 0;
}

void client_expect_end(struct rig *rig, struct client *client)
{
	rig_until(rig, has_ended, client, "the end of the connection");
	if (client->got.len > 0)
		fail_msg("wanted the end, found \"%.*s\"", (int)client->got.len, client->got.data);
	if (client->is_reset)
		fail_msg("wanted the end, found a reset");
}

size_t client_skip_to_end(struct rig *rig, struct client *client)
{
	size_t skipped = 0;

	while (!client->has_ended) {
		rig_until(rig, has_ended, client, "the end of the connection");
		skipped += client->got.len;
		client->got.len = 0;
	}
	return skipped;
}

/* ---- HTTP ----------------------------------------------------------------------------------- */

void client_get(struct rig *rig, struct client *client, const char *path)
{
	char request[256];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	client_say(rig, client, request);
}

void client_expect_answer(struct rig *rig, struct client *client, unsigned status, const char *body)
{
	char start[32], length[48];
	char *head = client_read_to(rig, client, "\r\n\r\n");

	snprintf(start, sizeof(start), "HTTP/1.1 %u ", status);
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", strlen(body));
	if (strncmp(head, start, strlen(start)) != 0 || strstr(head, length) == NULL)
		fail_msg("wanted \"%s\" and \"%s\", found:\n%s", start, length, head);
	free(head);
	client_expect(rig, client, body, strlen(body));
}

/* ---- WebSocket ------------------------------------------------------------------------------ */

void client_upgrade(struct rig *rig, struct client *client)
{
	char *head;

	client_say(rig, client, ws_request);
	head = client_read_to(rig, client, "\r\n\r\n");
	if (strstr(head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") == NULL)
		fail_msg("wanted a 101, found:\n%s", head);
	free(head);
}

static void put_length(struct buf *out, unsigned first, unsigned mask, size_t len)
{
	uint8_t header[10] = {(uint8_t)first};
	unsigned extra = len < 126 ? 0 : len < 65536 ? 2 : 8;

	header[1] = (uint8_t)(mask | (extra == 0 ? len : extra == 2 ? 126 : 127));
	for (unsigned i = 0; i < extra; i++)
		header[2 + i] = (uint8_t)(len >> (8 * (extra - 1 - i)));
	buf_append(out, header, 2 + extra);
}

void frame_put(struct buf *out, unsigned opcode, const void *payload, size_t len)
{
	static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
	const uint8_t *bytes = payload;
	uint8_t *room;

	put_length(out, 0x80 | opcode, 0x80, len);
	buf_append(out, key, sizeof(key));
	room = (uint8_t *)buf_reserve(out, len);
	for (size_t i = 0; i < len; i++)
		room[i] = bytes[i] ^ key[i % 4];
	out->len += len;
}

void client_frame(
	struct rig *rig, struct client *client, unsigned opcode, const char *payload, size_t len)
{
	struct buf out = {0};

	frame_put(&out, opcode, payload, len);
	client_send(rig, client, out.data, out.len);
	buf_fini(&out);
}

void client_text(struct rig *rig, struct client *client, const char *text)
{
	client_frame(rig, client, 1, text, strlen(text));
}

void client_expect_frame(
	struct rig *rig, struct client *client, unsigned opcode, const void *payload, size_t len)
{
	struct buf expected = {0};

	put_length(&expected, 0x80 | opcode, 0, len);
	buf_append(&expected, payload, len);
	client_expect(rig, client, expected.data, expected.len);
	buf_fini(&expected);
}
