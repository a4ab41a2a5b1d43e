/*
 * Bytes as they are. SPDX-License-Identifier: MIT
 */
#include "net/conn_io.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/conn.h"

static ssize_t plain_receive(struct conn *conn, uint8_t *out, size_t size)
{
	return recv(conn->fd, out, size, 0);
}

static ssize_t plain_send(struct conn *conn, const struct iovec *pieces, size_t count)
{
	return conn_io_send_plain(conn->fd, pieces, count);
}

static enum http_file_sent plain_send_file(struct conn *conn, struct http_file *file)
{
	return http_file_send(file, conn->fd);
}

static bool plain_shut(struct conn *conn)
{
	shutdown(conn->fd, SHUT_WR);
	return true;
}

const struct conn_io conn_io_plain = {
	.receive = plain_receive,
	.send = plain_send,
	.send_file = plain_send_file,
	.shut = plain_shut,
};
