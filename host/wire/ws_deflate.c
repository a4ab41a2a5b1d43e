/*
 * A message is raw DEFLATE whose last four bytes, those of an empty stored block, are left out
 * (RFC 7692 section 7.2.1). It is inflated when it is whole, which keeps no stream open between
 * two frames: what waits is what the peer has sent, not what it may become. Called by net/.
 * SPDX-License-Identifier: MIT
 */
#include "wire/ws_deflate.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <zlib.h>

#include "base/xalloc.h"

enum {
	BITS_MIN = 9,           /* of zlib's raw streams */
	FIRST_BYTES = 16384,    /* of room for a message */
	KEPT_BYTES = 256 << 10, /* of room that stays */
	STREAM_BYTES = 8192, /* of an inflater or a deflater, beside its window: more than it is */
};

static const char tail[] = {0x00, 0x00, '\xff', '\xff'};

/* ---- streams ------------------------------------------------------------------------------ */

static void *stream_alloc(void *opaque, uInt items, uInt size)
{
	(void)opaque;
	return xmalloc((size_t)items * size);
}

static void stream_release(void *opaque, void *memory)
{
	(void)opaque;
	free(memory);
}

static z_stream *stream_new(void)
{
	z_stream *stream = xcalloc(1, sizeof(*stream));

	stream->zalloc = stream_alloc;
	stream->zfree = stream_release;
	return stream;
}

/*
 * zlib refuses raw streams of 8 bits. With 9 it looks no further back than 512 - 262 bytes, which
 * a window of 8 bits has; and who may send 8 bits is understood with 9.
 */
static unsigned zlib_bits(unsigned bits)
{
	return bits < BITS_MIN ? BITS_MIN : bits;
}

/* Of the hash table: zlib's own choice for 15 bits, and as much smaller as the window is. */
static unsigned memory_level(unsigned bits)
{
	return zlib_bits(bits) - 7;
}

static z_stream *inflater_new(unsigned bits)
{
	z_stream *stream = stream_new();
	int result = inflateInit2(stream, -(int)zlib_bits(bits));

	assert(result == Z_OK);
	return stream;
}

static z_stream *deflater_new(unsigned bits, unsigned level)
{
	z_stream *stream = stream_new();
	int result = deflateInit2(stream, (int)level, Z_DEFLATED, -(int)zlib_bits(bits),
		(int)memory_level(bits), Z_DEFAULT_STRATEGY);

	assert(result == Z_OK);
	return stream;
}

static void inflater_free(z_stream *stream)
{
	if (stream != NULL)
		inflateEnd(stream);
	free(stream);
}

static void deflater_free(z_stream *stream)
{
	if (stream != NULL)
		deflateEnd(stream);
	free(stream);
}

/* ---- life --------------------------------------------------------------------------------- */

void ws_deflate_shared_fini(struct ws_deflate_shared *shared)
{
	inflater_free(shared->inflater);
	for (size_t i = 0; i < WS_DEFLATERS; i++)
		deflater_free(shared->deflaters[i]);
	buf_fini(&shared->inflated);
	buf_fini(&shared->deflated);
	memset(shared, 0, sizeof(*shared));
}

void ws_deflate_shared_trim(struct ws_deflate_shared *shared)
{
	if (shared->inflated.capacity > KEPT_BYTES)
		buf_fini(&shared->inflated);
	if (shared->deflated.capacity > KEPT_BYTES)
		buf_fini(&shared->deflated);
}

struct ws_deflate *ws_deflate_new(
	struct ws_deflate_shared *shared, const struct ws_compression *agreed)
{
	struct ws_deflate *deflate = xcalloc(1, sizeof(*deflate));

	deflate->agreed = *agreed;
	deflate->shared = shared;
	return deflate;
}

void ws_deflate_free(struct ws_deflate *deflate)
{
	if (deflate == NULL)
		return;
	inflater_free(deflate->inflater);
	deflater_free(deflate->deflater);
	free(deflate);
}

/* As zconf.h says what windows and hash tables take. */
uint64_t ws_deflate_memory(const struct ws_compression *agreed)
{
	uint64_t bytes = 0;

	if (agreed->server_context)
		bytes += STREAM_BYTES + (UINT64_C(1) << (zlib_bits(agreed->server_bits) + 2)) +
			 (UINT64_C(1) << (memory_level(agreed->server_bits) + 9));
	if (agreed->client_context)
		bytes += STREAM_BYTES + (UINT64_C(1) << zlib_bits(agreed->client_bits));
	return bytes;
}

/* ---- inflating ---------------------------------------------------------------------------- */

/* With nothing remembered, unless it is the connection's own. */
static z_stream *inflater_of(struct ws_deflate *deflate)
{
	struct ws_deflate_shared *shared = deflate->shared;

	if (deflate->agreed.client_context) {
		if (deflate->inflater == NULL)
			deflate->inflater = inflater_new(deflate->agreed.client_bits);
		return deflate->inflater;
	}
	/* It has the largest window, and so understands every peer. */
	if (shared->inflater == NULL)
		shared->inflater = inflater_new(WS_WINDOW_BITS_MAX);
	else
		inflateReset(shared->inflater);
	return shared->inflater;
}

/* Some room behind out->len, doubling, but never for more than one byte beyond the limit. */
static size_t make_room(struct buf *out, size_t limit)
{
	size_t capacity = out->capacity == 0 ? FIRST_BYTES : out->capacity * 2;

	if (out->len == out->capacity) {
		if (capacity > limit + 1)
			capacity = limit + 1;
		out->data = xrealloc(out->data, capacity);
		out->capacity = capacity;
	}
	return (out->capacity < limit + 1 ? out->capacity : limit + 1) - out->len;
}

/*
 * Until `piece` is used up. A block marked as the last does not end a message (section 7.2.3.4):
 * what follows it may still refer to what was before, so the window must stay. zlib's documented
 * way to keep it copies it, for each two bytes that a peer makes such blocks of; inflateResetKeep
 * does it for nothing.
 */
static bool inflate_piece(z_stream *stream, struct span piece, struct buf *out, size_t limit)
{
	int result;

	stream->next_in = (Bytef *)(uintptr_t)piece.ptr;
	stream->avail_in = (uInt)piece.len;
	do {
		stream->avail_out = (uInt)make_room(out, limit);
		stream->next_out = (Bytef *)out->data + out->len;
		result = inflate(stream, Z_SYNC_FLUSH);
		out->len = (size_t)((char *)stream->next_out - out->data);
		if (result == Z_STREAM_END) {
			inflateResetKeep(stream);
			stream->data_type = 128;
		} else if (result != Z_OK && result != Z_BUF_ERROR) {
			return false;
		}
	} while (out->len <= limit &&
		 (stream->avail_in > 0 || (stream->avail_out == 0 && result != Z_STREAM_END)));
	return true;
}

/* Bit 7 says that a block has just ended: in a message that was cut it has not. */
static bool inflate_whole(z_stream *stream, struct span compressed, struct buf *out, size_t limit)
{
	const struct span end = {tail, sizeof(tail)};

	out->len = 0;
	/* An empty one should be a byte of zero (section 7.2.3.6), but means nothing else. */
	if (compressed.len == 0)
		return true;
	if (!inflate_piece(stream, compressed, out, limit))
		return false;
	if (out->len > limit)
		return true;
	return inflate_piece(stream, end, out, limit) && (stream->data_type & 128) != 0;
}

bool ws_deflate_inflate(
	struct ws_deflate *deflate, struct ws_message *message, size_t limit, struct err *why)
{
	struct buf *out = &deflate->shared->inflated;

	assert(limit < UINT_MAX && message->payload.len < UINT_MAX);
	if (!inflate_whole(inflater_of(deflate), message->payload, out, limit)) {
		err_set(why, ERR_WS_PROTOCOL, "decompression failed");
		return false;
	}
	if (out->len > limit) {
		err_set(why, ERR_TOO_LARGE,
			"message with %zu compressed bytes inflates beyond limit of %zu bytes",
			message->payload.len, limit);
		return false;
	}
	message->payload = buf_span(out);
	message->is_compressed = false;
	if (message->opcode != WS_TEXT || utf8_valid(message->payload))
		return true;
	err_set(why, ERR_WS_INVALID_PAYLOAD, "%s", "");
	return false;
}

/* ---- compressing -------------------------------------------------------------------------- */

/*
 * False when it would not be smaller: what does not fit into the room of the payload is not looked
 * at to its end, and the stream has to be reset.
 */
static bool deflate_whole(z_stream *stream, struct buf *out, struct span *payload)
{
	size_t room = payload->len + sizeof(tail) - 1;

	out->len = 0;
	stream->next_in = (Bytef *)(uintptr_t)payload->ptr;
	stream->avail_in = (uInt)payload->len;
	stream->next_out = (Bytef *)buf_reserve(out, room);
	stream->avail_out = (uInt)room;
	deflate(stream, Z_SYNC_FLUSH);
	if (stream->avail_out == 0)
		return false;
	out->len = room - stream->avail_out - sizeof(tail);
	*payload = buf_span(out);
	return true;
}

/*
 * Of a window for this message alone, which refers to nothing before it. Resetting a stream clears
 * its hash table, 64 KiB for 15 bits: a tenth of the time that 1 KiB takes. With four times the
 * message no more is lost than one byte in a hundred.
 */
static unsigned bits_enough(size_t len, unsigned bits)
{
	unsigned enough = BITS_MIN;

	while (enough < bits && len > (size_t)1 << (enough - 2))
		enough++;
	return enough;
}

bool ws_deflate_once(
	struct ws_deflate_shared *shared, unsigned bits, unsigned level, struct span *payload)
{
	z_stream **stream;

	if (payload->len == 0 || payload->len > INT_MAX)
		return false;
	bits = bits_enough(payload->len, bits);
	stream = &shared->deflaters[bits - WS_WINDOW_BITS_MIN];
	if (*stream == NULL) {
		*stream = deflater_new(bits, level);
	} else {
		deflateReset(*stream);
		deflateParams(*stream, (int)level, Z_DEFAULT_STRATEGY);
	}
	return deflate_whole(*stream, &shared->deflated, payload);
}

bool ws_deflate_compress(struct ws_deflate *deflate, struct span *payload)
{
	const struct ws_compression *agreed = &deflate->agreed;

	if (payload->len < agreed->least_bytes || payload->len == 0 || payload->len > INT_MAX)
		return false;
	if (!agreed->server_context)
		return ws_deflate_once(
			deflate->shared, agreed->server_bits, agreed->level, payload);
	if (deflate->deflater == NULL)
		deflate->deflater = deflater_new(agreed->server_bits, agreed->level);
	else if (deflate->is_stale)
		deflateReset(deflate->deflater);
	/* What leaves as it is enters no window of the peer's. */
	deflate->is_stale = !deflate_whole(deflate->deflater, &deflate->shared->deflated, payload);
	return !deflate->is_stale;
}

void ws_deflate_skip(struct ws_deflate *deflate)
{
	deflate->is_stale = true;
}
