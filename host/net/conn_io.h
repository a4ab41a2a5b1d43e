/*
 * How a connection's bytes reach its socket: as they are, or encrypted. conn.c and the protocols
 * call the table and do not know which it is. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_IO_H
#define SOCKLET_NET_CONN_IO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/expect.h"
#include "net/http_file.h"

struct conn;

struct conn_io {
	/*
	 * As recv: 0 at the peer's end, -1 with errno; EAGAIN: nothing to look at yet. All that
	 * came is handed over at once, nothing waits in between. conn->owes_end: the end came
	 * behind it.
	 */
	ssize_t (*receive)(struct conn *conn, uint8_t *out, size_t size);
	/*
	 * As sendmsg. What it has taken and the socket has not is `in_transit` of conn_extra, and
	 * leaves first; without pieces nothing else does.
	 */
	ssize_t (*send)(struct conn *conn, const struct iovec *pieces, size_t count);
	enum http_file_sent (*send_file)(struct conn *conn, struct http_file *file);
	/* Says that nothing follows. False: not all has left, once more when it has. */
	bool (*shut)(struct conn *conn);
};

extern const struct conn_io conn_io_plain;

/* What its `send` does, for who has looked that it is this one. */
FLAT ssize_t conn_io_send_plain(int fd, const struct iovec *pieces, size_t count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = count};
	ssize_t sent;

	do {
		if (count == 1)
			sent = send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
		else
			sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent;
}

#endif
