/*
 * What lies between the socket of floor_epoll.c and its echo: each floor links one, floor_raw.c,
 * floor_tls.c or floor_zlib.c. Bytes that are given back are the codec's until it is called again.
 * SPDX-License-Identifier: MIT
 */
#ifndef FLOOR_CODEC_H
#define FLOOR_CODEC_H

#include <stdbool.h>

#include "floor.h"

/* How much one recv may bring. */
extern const size_t floor_codec_receive_bytes;

struct floor_bytes {
	const unsigned char *data;
	size_t len;
};

struct floor_peer {
	int fd;
	bool is_upgraded;
	size_t index; /* in the list of all */
	struct floor_rest rest;
	void *own; /* the codec's */
};

/* What the command line says behind the port. */
void floor_codec_init(int count, char **words);
void floor_codec_open(struct floor_peer *peer);
void floor_codec_close(struct floor_peer *peer);
/* What came, to what is to be echoed. */
struct floor_bytes floor_codec_in(struct floor_peer *peer, struct floor_bytes bytes);
/* What is to be sent, as it leaves; also of nothing, for what the codec itself has to say. */
struct floor_bytes floor_codec_out(struct floor_peer *peer, struct floor_bytes bytes);

_Noreturn void floor_die(const char *what);

#endif
