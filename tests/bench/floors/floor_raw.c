/*
 * The codec of no protocol: everything stays as it is.
 * SPDX-License-Identifier: MIT
 */
#include "floor_codec.h"

const size_t floor_codec_receive_bytes = FLOOR_RECEIVE_BYTES;

void floor_codec_init(int count, char **words)
{
	(void)count;
	(void)words;
}

void floor_codec_open(struct floor_peer *peer)
{
	(void)peer;
}

void floor_codec_close(struct floor_peer *peer)
{
	(void)peer;
}

struct floor_bytes floor_codec_in(struct floor_peer *peer, struct floor_bytes bytes)
{
	(void)peer;
	return bytes;
}

struct floor_bytes floor_codec_out(struct floor_peer *peer, struct floor_bytes bytes)
{
	(void)peer;
	return bytes;
}
