/*
 * See load_zlib.h. Streams are made once and reset, as a server would.
 * SPDX-License-Identifier: MIT
 */
#include "load_zlib.h"

#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 6, TAIL_BYTES = 4, ROOM_BYTES = 1 << 20 };

unsigned char *load_zlib_deflate(const unsigned char *text, size_t bytes, size_t *len)
{
	z_stream stream = {.next_in = (Bytef *)(size_t)text, .avail_in = (uInt)bytes};
	unsigned char *out = malloc(bytes + 1024);

	deflateInit2(&stream, LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	stream.next_out = out;
	stream.avail_out = (uInt)bytes + 1024;
	deflate(&stream, Z_SYNC_FLUSH);
	deflateEnd(&stream);
	*len = stream.total_out - TAIL_BYTES; /* which the extension leaves away */
	return out;
}

static void give(z_stream *stream, const unsigned char *data, size_t len)
{
	stream->next_in = (Bytef *)(size_t)data;
	stream->avail_in = (uInt)len;
}

void load_zlib_echo(const unsigned char *message, size_t len, int level)
{
	static const unsigned char tail[TAIL_BYTES] = {0x00, 0x00, 0xff, 0xff};
	static unsigned char text[ROOM_BYTES], out[ROOM_BYTES];
	static z_stream inflater, deflater;

	if (!inflater.state) {
		inflateInit2(&inflater, -15);
		deflateInit2(&deflater, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
	}
	inflateReset(&inflater);
	inflater.next_out = text;
	inflater.avail_out = sizeof(text);
	give(&inflater, message, len);
	inflate(&inflater, Z_SYNC_FLUSH);
	give(&inflater, tail, sizeof(tail));
	inflate(&inflater, Z_SYNC_FLUSH);
	deflateReset(&deflater);
	deflater.next_out = out;
	deflater.avail_out = sizeof(out);
	give(&deflater, text, inflater.total_out);
	deflate(&deflater, Z_SYNC_FLUSH);
}
