/*
 * See floor.h. Checks nothing that a benchmark does not make happen.
 * SPDX-License-Identifier: MIT
 */
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER                                                       \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\n"                                    \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

int floor_listen(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(listener, 1024) != 0) {
		perror("floor: listen");
		exit(1);
	}
	return listener;
}

int floor_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

const char *floor_answer(const char *request, size_t len)
{
	return memmem(request, len, "\r\n\r\n", 4) ? ANSWER : NULL;
}

int floor_flush(struct floor_rest *rest, int fd)
{
	while (rest->sent < rest->len) {
		ssize_t sent = send(
			fd, rest->data + rest->sent, rest->len - rest->sent, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN ? 0 : -1;
		rest->sent += (size_t)sent;
	}
	free(rest->data);
	*rest = (struct floor_rest){0};
	return 1;
}

int floor_send(struct floor_rest *rest, int fd, const unsigned char *data, size_t len)
{
	ssize_t sent = rest->data ? 0 : send(fd, data, len, MSG_NOSIGNAL);
	size_t left = len - (sent < 0 ? 0 : (size_t)sent);

	if (left == 0)
		return 1;
	rest->data = realloc(rest->data, rest->len + left);
	memcpy(rest->data + rest->len, data + len - left, left);
	rest->len += left;
	return 0;
}
