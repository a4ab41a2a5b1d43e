/*
 * What the floors share: the listening socket and the constant answer to a handshake, whose key is
 * always the load generator's. SPDX-License-Identifier: MIT
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FLOOR_RECEIVE_BYTES = 1 << 18 };

/* Bytes that the socket did not take. */
struct floor_rest {
	unsigned char *data;
	size_t len, sent;
};

/* On 127.0.0.1, never blocking; ends the program when it cannot. */
int floor_listen(const char *port);
/* Accepts one; -1 when there is none. */
int floor_accept(int listener);
/* To the request; NULL when that is not complete. */
const char *floor_answer(const char *request, size_t len);

/* Sends, and keeps what the socket does not take; false when something is left. */
int floor_send(struct floor_rest *rest, int fd, const unsigned char *data, size_t len);
/* Sends what is kept: 1 when all went, 0 when something is left, -1 when the peer is gone. */
int floor_flush(struct floor_rest *rest, int fd);

#endif
