/*
 * See load_conn.h. The key of the handshake is always the same one, so that the floors can answer
 * with a constant.
 * SPDX-License-Identifier: MIT
 */
#include "load_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load_tls.h"
#include "load_zlib.h"

#define REQUEST                                                        \
	"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"         \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define OFFER                                                                        \
	"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; " \
	"server_no_context_takeover\r\n"

enum { RECEIVE_BYTES = 1 << 18, OPCODE_TEXT = 1, OPCODE_CONTROL = 8, FIN = 0x80, RSV1 = 0x40 };

_Noreturn void load_die(const char *what, const char *detail)
{
	fprintf(stderr, "load: %s: %s\n", what, detail);
	exit(1);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* Records as programs send them; deflate makes about a fifth of 1 KiB. */
static unsigned char *text_of(size_t bytes)
{
	unsigned char *text = malloc(bytes + 96);
	size_t len = 0;

	for (unsigned n = 7; len < bytes; n = n * 48271 % 2147483647)
		len += (size_t)sprintf((char *)text + len,
			"{\"id\":%u,\"user\":\"user-%u\",\"ok\":%s,\"at\":%u.%02u},", n, n % 97,
			n % 3 ? "true" : "false", n % 100000, n % 89);
	return text;
}

static size_t write_head(unsigned char *out, size_t len, unsigned first)
{
	int width = len > 65535 ? 8 : len > 125 ? 2 : 0;

	out[0] = (unsigned char)first;
	out[1] = (unsigned char)(0x80 | (width == 8 ? 127 : width == 2 ? 126 : len));
	for (int i = 0; i < width; i++)
		out[2 + i] = (unsigned char)(len >> 8 * (width - 1 - i));
	memcpy(out + 2 + width, "\x37\xfa\x21\x3d", 4);
	return (size_t)width + 6;
}

static size_t write_frame(unsigned char *out, const unsigned char *text, size_t len, bool deflate)
{
	size_t head = write_head(out, len, FIN | OPCODE_TEXT | (deflate ? RSV1 : 0));

	for (size_t i = 0; i < len; i++)
		out[head + i] = text[i] ^ out[head - 4 + i % 4];
	return head + len;
}

unsigned char *load_message(size_t bytes, bool deflate, size_t *len)
{
	unsigned char *text = text_of(bytes), *message = text;

	*len = bytes;
	if (deflate) {
		message = load_zlib_deflate(text, bytes, len);
		free(text);
	}
	return message;
}

void load_batch_init(struct load_batch *batch, unsigned frames, size_t bytes, bool deflate)
{
	size_t len;
	unsigned char *message = load_message(bytes, deflate, &len);

	batch->data = malloc(frames * (len + 14));
	batch->len = 0;
	batch->frames = frames;
	for (unsigned i = 0; i < frames; i++)
		batch->len += write_frame(batch->data + batch->len, message, len, deflate);
	free(message);
}

void load_batch_fini(struct load_batch *batch)
{
	free(batch->data);
}

/* ---- the handshake --------------------------------------------------------------------------- */

static struct sockaddr_in loopback(unsigned last, unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | last)};
}

static void connect_socket(int fd, const struct load_way *way)
{
	struct sockaddr_in to = loopback(1, way->port), from = loopback(way->source, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	/* Else each source port would serve one connection, wherever it goes. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
	if (way->source && bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		load_die("bind", strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		load_die("connect", strerror(errno));
}

static ssize_t put(const struct load_conn *conn, const void *data, size_t len)
{
	return conn->ssl ? load_tls_send(conn->ssl, data, len)
			 : send(conn->fd, data, len, MSG_NOSIGNAL);
}

static ssize_t take(const struct load_conn *conn, void *out, size_t size)
{
	return conn->ssl ? load_tls_receive(conn->ssl, out, size) : recv(conn->fd, out, size, 0);
}

void load_conn_open(struct load_conn *conn, const struct load_way *way)
{
	char path[32] = "/", request[512];
	ssize_t len;

	conn->head_len = 0;
	conn->left = 0;
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		load_die("socket", strerror(errno));
	connect_socket(conn->fd, way);
	if (way->route != LOAD_ROOT)
		snprintf(path, sizeof(path), "/r%u/x", way->route);
	len = snprintf(request, sizeof(request),
		way->is_deflate ? REQUEST OFFER "\r\n" : REQUEST "\r\n", path);
	conn->ssl = way->is_tls ? load_tls_open(conn->fd) : NULL;
	if (put(conn, request, (size_t)len) != len)
		load_die("send of the request", strerror(errno));
}

void load_conn_wait_upgraded(struct load_conn *conn)
{
	char answer[2048];
	size_t len = 0;

	do {
		ssize_t got = take(conn, answer + len, sizeof(answer) - 1 - len);

		if (got <= 0)
			load_die(
				"no answer to the handshake", got < 0 ? strerror(errno) : "closed");
		len += (size_t)got;
		answer[len] = '\0';
	} while (!strstr(answer, "\r\n\r\n") && len < sizeof(answer) - 1);
	if (strncmp(answer, "HTTP/1.1 101", 12) != 0)
		load_die("the handshake was refused", answer);
	fcntl(conn->fd, F_SETFL, O_NONBLOCK);
}

void load_conn_reset(struct load_conn *conn)
{
	struct linger linger = {.l_onoff = 1};

	if (conn->fd < 0)
		return;
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	close(conn->fd);
	conn->fd = -1;
}

/* ---- messages -------------------------------------------------------------------------------- */

bool load_conn_send(struct load_conn *conn, const struct load_batch *batch)
{
	while (conn->sent < batch->len) {
		ssize_t sent = put(conn, batch->data + conn->sent, batch->len - conn->sent);

		if (sent < 0 && errno == EAGAIN)
			return false;
		if (sent < 0)
			load_die("send", strerror(errno));
		conn->sent += (size_t)sent;
	}
	return true;
}

/* How long the head is, as far as its bytes tell by now. */
static size_t head_wanted(const struct load_conn *conn)
{
	unsigned len = conn->head[1] & 0x7f;

	if (conn->head_len < 2)
		return 2;
	return 2 + (len == 126 ? 2U : len == 127 ? 8U : 0U) + (conn->head[1] & 0x80 ? 4U : 0U);
}

static uint64_t payload_len(const struct load_conn *conn)
{
	unsigned len = conn->head[1] & 0x7f, width = len == 126 ? 2 : len == 127 ? 8 : 0;
	uint64_t value = width == 0 ? len : 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | conn->head[2 + i];
	return value;
}

/* The frame is complete: does it count? */
static unsigned frame_end(struct load_conn *conn)
{
	unsigned opcode = conn->head[0] & 0x0f;

	if (opcode == OPCODE_CONTROL)
		load_die("close", "the server closes");
	conn->head_len = 0;
	return opcode < OPCODE_CONTROL;
}

/* One more byte of the head; true with the last. */
static bool take_head(struct load_conn *conn, unsigned char byte)
{
	conn->head[conn->head_len++] = byte;
	if (conn->head_len < head_wanted(conn))
		return false;
	conn->left = payload_len(conn);
	return true;
}

static unsigned count_frames(struct load_conn *conn, const unsigned char *data, size_t len)
{
	unsigned count = 0;

	for (size_t at = 0; at < len;) {
		if (conn->left == 0) {
			if (!take_head(conn, data[at++]) || conn->left > 0)
				continue;
		} else {
			size_t step = conn->left < len - at ? (size_t)conn->left : len - at;

			conn->left -= step;
			at += step;
			if (conn->left > 0)
				continue;
		}
		count += frame_end(conn);
	}
	return count;
}

unsigned load_conn_receive(struct load_conn *conn)
{
	static unsigned char buf[RECEIVE_BYTES];
	ssize_t got = take(conn, buf, sizeof(buf));

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		load_die("recv", got < 0 ? strerror(errno) : "the server hung up");
	return count_frames(conn, buf, (size_t)got);
}
