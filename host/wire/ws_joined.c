/*
 * What compression does to a message depends on the window that the peer has and on the length
 * from which its route compresses; the rest of what was agreed on touches no message without a
 * context. So these two tell the pieces apart. SPDX-License-Identifier: MIT
 */
#include "wire/ws_joined.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "wire/ws_deflate.h"

struct piece {
	struct piece *next;
	struct ws_shared *frames;
	uint64_t least_bytes;
	uint8_t bits;       /* of the window that it needs; 0: it is for who does not compress */
	bool is_compressed; /* a frame of it is */
};

struct ws_joined {
	struct piece *pieces; /* by their age: those of one length from large windows to small */
	size_t count, room, payload_bytes, frame_bytes, longest;
	struct ws_shared *messages[];
};

struct ws_joined *ws_joined_new(size_t messages)
{
	struct ws_joined *joined = xcalloc(
		1, sizeof(*joined) + messages * sizeof(joined->messages[0]));

	joined->room = messages;
	return joined;
}

void ws_joined_add(struct ws_joined *joined, struct ws_shared *message)
{
	size_t payload = ws_shared_payload(message).len;

	assert(joined->count < joined->room && joined->pieces == NULL);
	joined->messages[joined->count++] = ws_shared_ref(message);
	joined->payload_bytes += payload;
	joined->frame_bytes += ws_shared_frame(message).len;
	if (payload > joined->longest)
		joined->longest = payload;
}

void ws_joined_free(struct ws_joined *joined)
{
	struct piece *piece, *next;

	if (joined == NULL)
		return;
	for (piece = joined->pieces; piece != NULL; piece = next) {
		next = piece->next;
		ws_shared_unref(piece->frames);
		free(piece);
	}
	for (size_t i = 0; i < joined->count; i++)
		ws_shared_unref(joined->messages[i]);
	free(joined);
}

size_t ws_joined_count(const struct ws_joined *joined)
{
	return joined->count;
}

size_t ws_joined_payload_bytes(const struct ws_joined *joined)
{
	return joined->payload_bytes;
}

size_t ws_joined_frame_bytes(const struct ws_joined *joined)
{
	return joined->frame_bytes;
}

static struct ws_shared *join(struct ws_joined *joined, struct ws_deflate *deflate, size_t bytes)
{
	struct buf all = {0};

	buf_reserve(&all, bytes);
	for (size_t i = 0; i < joined->count; i++)
		buf_append_span(&all, ws_shared_frame_for(joined->messages[i], deflate));
	return ws_shared_adopt(&all);
}

/* Measured before it is made: compressed ones are kept as short as they are. */
static struct piece *piece_new(struct ws_joined *joined, struct ws_deflate *deflate)
{
	struct piece *piece = xcalloc(1, sizeof(*piece));
	size_t bytes = 0;

	for (size_t i = 0; i < joined->count; i++)
		bytes += ws_shared_frame_for(joined->messages[i], deflate).len;
	piece->frames = join(joined, deflate, bytes);
	piece->is_compressed = bytes < joined->frame_bytes;
	if (deflate != NULL) {
		piece->bits = deflate->agreed.server_bits;
		piece->least_bytes = deflate->agreed.least_bytes;
	}
	return piece;
}

static bool suits(const struct piece *piece, const struct ws_deflate *deflate)
{
	if (deflate == NULL || piece->bits == 0)
		return deflate == NULL && piece->bits == 0;
	return piece->bits <= deflate->agreed.server_bits &&
	       piece->least_bytes == deflate->agreed.least_bytes;
}

struct ws_shared *ws_joined_for(struct ws_joined *joined, struct ws_deflate *deflate)
{
	struct piece **at = &joined->pieces;

	/* Nothing that it would compress: what it gets is what all others get. */
	if (deflate != NULL && joined->longest < deflate->agreed.least_bytes)
		deflate = NULL;
	while (*at != NULL && !suits(*at, deflate))
		at = &(*at)->next;
	if (*at == NULL)
		*at = piece_new(joined, deflate);
	if ((*at)->is_compressed)
		ws_deflate_skip(deflate);
	return (*at)->frames;
}
