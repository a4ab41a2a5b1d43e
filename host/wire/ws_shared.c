/*
 * Header and payload lie behind the count, in the order of the wire, so that the frame is one
 * piece for writev. SPDX-License-Identifier: MIT
 */
#include "wire/ws_shared.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "wire/ws_deflate.h"

/* One compression of it. Few messages have any, hardly one has two: it is a list. */
struct variant {
	struct variant *next;
	size_t len;   /* 0: it would not be smaller */
	uint8_t bits; /* of the window that it needs */
	uint8_t frame[];
};

struct ws_shared {
	size_t references;
	struct variant *variants;
	char *adopted; /* NULL: the frame is the one below */
	size_t frame_len;
	uint8_t opcode, header_len;
	uint8_t frame[];
};

struct ws_shared *ws_shared_new(unsigned opcode, struct span payload)
{
	uint8_t header[WS_HEADER_MAX];
	size_t header_len = ws_header_encode(header, opcode, payload.len);
	struct ws_shared *shared = xmalloc(sizeof(*shared) + header_len + payload.len);

	shared->references = 1;
	shared->variants = NULL;
	shared->adopted = NULL;
	shared->frame_len = header_len + payload.len;
	shared->opcode = (uint8_t)opcode;
	shared->header_len = (uint8_t)header_len;
	memcpy(shared->frame, header, header_len);
	if (payload.len > 0)
		memcpy(shared->frame + header_len, payload.ptr, payload.len);
	return shared;
}

struct ws_shared *ws_shared_adopt(struct buf *bytes)
{
	struct ws_shared *shared = xcalloc(1, sizeof(*shared));

	shared->references = 1;
	shared->adopted = bytes->data;
	shared->frame_len = bytes->len;
	*bytes = (struct buf){0};
	return shared;
}

struct ws_shared *ws_shared_ref(struct ws_shared *shared)
{
	assert(shared->references > 0);
	shared->references++;
	return shared;
}

static void free_shared(struct ws_shared *shared)
{
	struct variant *variant, *next;

	for (variant = shared->variants; variant != NULL; variant = next) {
		next = variant->next;
		free(variant);
	}
	free(shared->adopted);
	free(shared);
}

void ws_shared_unref(struct ws_shared *shared)
{
	if (shared == NULL)
		return;
	assert(shared->references > 0);
	if (--shared->references == 0)
		free_shared(shared);
}

enum ws_opcode ws_shared_opcode(const struct ws_shared *shared)
{
	return (enum ws_opcode)shared->opcode;
}

struct span ws_shared_frame(const struct ws_shared *shared)
{
	const char *frame = shared->adopted == NULL ? (const char *)shared->frame : shared->adopted;

	return (struct span){frame, shared->frame_len};
}

struct span ws_shared_payload(const struct ws_shared *shared)
{
	return span_from(ws_shared_frame(shared), shared->header_len);
}

static struct variant *add_variant(struct ws_shared *shared, const struct ws_deflate *deflate)
{
	const struct ws_compression *agreed = &deflate->agreed;
	struct span payload = ws_shared_payload(shared);
	bool is_smaller = ws_deflate_once(
		deflate->shared, agreed->server_bits, agreed->level, &payload);
	struct variant *variant;
	uint8_t header[WS_HEADER_MAX];
	size_t header_len = ws_header_encode(header, shared->opcode | WS_COMPRESSED, payload.len);

	variant = xmalloc(sizeof(*variant) + (is_smaller ? header_len + payload.len : 0));
	*variant = (struct variant){.next = shared->variants, .bits = agreed->server_bits};
	shared->variants = variant;
	if (!is_smaller)
		return variant;
	variant->len = header_len + payload.len;
	memcpy(variant->frame, header, header_len);
	memcpy(variant->frame + header_len, payload.ptr, payload.len);
	return variant;
}

/* The one with the largest window that fits; NULL: there is none. */
static struct variant *find_variant(struct ws_shared *shared, unsigned bits)
{
	struct variant *found = NULL;

	for (struct variant *variant = shared->variants; variant != NULL; variant = variant->next)
		if (variant->bits <= bits && (found == NULL || variant->bits > found->bits))
			found = variant;
	return found;
}

struct span ws_shared_frame_for(struct ws_shared *shared, struct ws_deflate *deflate)
{
	struct variant *variant;

	if (deflate == NULL || ws_shared_payload(shared).len < deflate->agreed.least_bytes)
		return ws_shared_frame(shared);
	variant = find_variant(shared, deflate->agreed.server_bits);
	if (variant == NULL)
		variant = add_variant(shared, deflate);
	if (variant->len == 0)
		return ws_shared_frame(shared);
	ws_deflate_skip(deflate);
	return (struct span){(const char *)variant->frame, variant->len};
}
