/*
 * Header and payload lie behind the count, in the order of the wire, so that the frame is one
 * piece for writev. SPDX-License-Identifier: MIT
 */
#include "wire/ws_shared.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct ws_shared {
	size_t references;
	size_t frame_len;
	uint8_t opcode, header_len;
	uint8_t frame[];
};

struct ws_shared *ws_shared_new(enum ws_opcode opcode, struct span payload)
{
	uint8_t header[WS_HEADER_MAX];
	size_t header_len = ws_header_encode(header, opcode, payload.len);
	struct ws_shared *shared = xmalloc(sizeof(*shared) + header_len + payload.len);

	shared->references = 1;
	shared->frame_len = header_len + payload.len;
	shared->opcode = (uint8_t)opcode;
	shared->header_len = (uint8_t)header_len;
	memcpy(shared->frame, header, header_len);
	if (payload.len > 0)
		memcpy(shared->frame + header_len, payload.ptr, payload.len);
	return shared;
}

struct ws_shared *ws_shared_ref(struct ws_shared *shared)
{
	assert(shared->references > 0);
	shared->references++;
	return shared;
}

void ws_shared_unref(struct ws_shared *shared)
{
	if (shared == NULL)
		return;
	assert(shared->references > 0);
	if (--shared->references == 0)
		free(shared);
}

enum ws_opcode ws_shared_opcode(const struct ws_shared *shared)
{
	return (enum ws_opcode)shared->opcode;
}

struct span ws_shared_frame(const struct ws_shared *shared)
{
	return (struct span){(const char *)shared->frame, shared->frame_len};
}

struct span ws_shared_payload(const struct ws_shared *shared)
{
	return span_from(ws_shared_frame(shared), shared->header_len);
}
