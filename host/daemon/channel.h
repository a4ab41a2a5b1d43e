/*
 * Framed messages over a socket pair, both ends: a kind, some bytes, and at most one descriptor.
 * Knows none of the kinds. Never blocks; the caller polls. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CHANNEL_H
#define SOCKLET_DAEMON_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { CHANNEL_BODY_MAX = 64 * 1024 * 1024 }; /* bytes: the longest routes file and more */

struct channel {
	int fd;                  /* -1: closed */
	struct buf in, out;      /* received; to be sent */
	size_t taken, sent;      /* what is over: of `in`, of `out` */
	int received_fd;         /* came with bytes of a message not yet whole; -1: none */
	struct passing *passing; /* descriptors that wait in `out` */
	size_t passing_count;
};

struct message {
	unsigned kind;
	struct span body; /* valid until the next channel_receive */
	int fd;           /* the caller's to close; -1: none came */
};

enum channel_state { CHANNEL_MESSAGE, CHANNEL_EMPTY, CHANNEL_ENDED };

/* Both ends, not blocking and close-on-exec. False fills `why`. */
bool channel_pair(int ends[2], struct err *why);
/* Takes the descriptor. */
void channel_init(struct channel *channel, int fd);
void channel_fini(struct channel *channel);

/* Queues a message and sends what the socket takes. `fd` is duplicated; -1: none. */
void channel_send(struct channel *channel, unsigned kind, struct span body, int fd);
/* Only queues it: for many in a row, then channel_flush. */
void channel_queue(struct channel *channel, unsigned kind, struct span body, int fd);
/* Bytes that wait to be sent. */
size_t channel_queued(const struct channel *channel);
/* Whether something waits to be sent: then poll for POLLOUT and flush. */
bool channel_is_full(const struct channel *channel);
void channel_flush(struct channel *channel);
/* Flushes and waits until all has left or the other end is gone. */
void channel_drain(struct channel *channel);

/*
 * The next message; CHANNEL_EMPTY: not yet whole; CHANNEL_ENDED: the other end is gone, or sent
 * what is no message.
 */
enum channel_state channel_receive(struct channel *channel, struct message *out);

#endif
