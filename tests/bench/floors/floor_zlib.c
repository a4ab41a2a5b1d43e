/*
 * The codec of compressed messages without contexts: each frame that comes is inflated, deflated
 * again by the same zlib at the level that is told, and framed. Checks nothing, and frames must
 * come whole.
 *
 *   floor_zlib PORT LEVEL [broadcast]
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "floor_codec.h"

enum { MESSAGE_BYTES = 1 << 20, HEAD_BYTES = 10 };

static z_stream inflater, deflater;
static unsigned char inflated[MESSAGE_BYTES], answers[MESSAGE_BYTES];

const size_t floor_codec_receive_bytes = FLOOR_RECEIVE_BYTES;

void floor_codec_init(int count, char **words)
{
	int level = count > 0 ? atoi(words[0]) : 0;

	if (inflateInit2(&inflater, -15) != Z_OK || level < 1 ||
		deflateInit2(&deflater, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		floor_die("wanted a level, 1 to 9, behind the port");
}

void floor_codec_open(struct floor_peer *peer)
{
	(void)peer;
}

void floor_codec_close(struct floor_peer *peer)
{
	(void)peer;
}

static void inflate_message(unsigned char *data, size_t len)
{
	static unsigned char tail[] = {0x00, 0x00, 0xff, 0xff};

	inflateReset(&inflater);
	inflater.next_out = inflated;
	inflater.avail_out = sizeof(inflated);
	inflater.next_in = data;
	inflater.avail_in = (uInt)len;
	inflate(&inflater, Z_SYNC_FLUSH);
	inflater.next_in = tail;
	inflater.avail_in = sizeof(tail);
	inflate(&inflater, Z_SYNC_FLUSH);
}

/* Behind room for the head; returns the length without the tail. */
static size_t deflate_message(unsigned char *out, size_t room)
{
	deflateReset(&deflater);
	deflater.next_in = inflated;
	deflater.avail_in = (uInt)inflater.total_out;
	deflater.next_out = out;
	deflater.avail_out = (uInt)room;
	deflate(&deflater, Z_SYNC_FLUSH);
	return deflater.total_out - 4;
}

static size_t write_frame(unsigned char *out, size_t size)
{
	size_t len = deflate_message(out + HEAD_BYTES, size - HEAD_BYTES);
	size_t head = len < 126 ? 2 : 4;

	out[0] = 0x80 | 0x40 | 1;
	out[1] = (unsigned char)(len < 126 ? len : 126);
	out[2] = (unsigned char)(len >> 8);
	out[3] = (unsigned char)len;
	memmove(out + head, out + HEAD_BYTES, len);
	return head + len;
}

/* Unmasks in place and inflates; returns how long the frame is. */
static size_t read_frame(unsigned char *frame, size_t size)
{
	size_t len = frame[1] & 0x7f, head = len == 126 ? 8 : 6;
	unsigned char *mask = frame + head - 4;

	if (len == 126)
		len = (size_t)frame[2] << 8 | frame[3];
	if (len == 127 || size < head + len)
		floor_die("a frame is too long, or came in pieces");
	for (size_t i = 0; i < len; i++)
		frame[head + i] ^= mask[i % 4];
	inflate_message(frame + head, len);
	return head + len;
}

struct floor_bytes floor_codec_in(struct floor_peer *peer, struct floor_bytes bytes)
{
	unsigned char *data = (unsigned char *)(uintptr_t)bytes.data;
	size_t len = 0;

	if (!peer->is_upgraded)
		return bytes;
	for (size_t at = 0; at < bytes.len;) {
		at += read_frame(data + at, bytes.len - at);
		len += write_frame(answers + len, sizeof(answers) - len);
	}
	return (struct floor_bytes){answers, len};
}

struct floor_bytes floor_codec_out(struct floor_peer *peer, struct floor_bytes bytes)
{
	(void)peer;
	return bytes;
}
