/*
 * How a connection's bytes reach its socket: as they are, or encrypted. conn.c and the protocols
 * call the table and do not know which it is. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_CONN_IO_H
#define SOCKLET_NET_CONN_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

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

#endif
