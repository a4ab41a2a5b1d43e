/*
 * Several messages for many peers, whose frames leave in one piece: one for those without
 * compression, one for each way in which others compress, made when the first peer wants it.
 * Knows no connection; call/ puts the messages together, net/ sends the piece.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_JOINED_H
#define SOCKLET_WIRE_WS_JOINED_H

#include <stddef.h>

#include "wire/ws_shared.h"

struct ws_joined;

/* Room for so many messages, none of which is there yet. */
struct ws_joined *ws_joined_new(size_t messages);
/* Takes a reference. Not once a piece was made. */
void ws_joined_add(struct ws_joined *joined, struct ws_shared *message);
/* NULL is fine. Pieces live on as long as somebody holds them. */
void ws_joined_free(struct ws_joined *joined);

size_t ws_joined_count(const struct ws_joined *joined);
/* Of all payloads; and of all frames when none is compressed, which is the most they ever are. */
size_t ws_joined_payload_bytes(const struct ws_joined *joined);
size_t ws_joined_frame_bytes(const struct ws_joined *joined);
/*
 * The piece for a peer with that compression (NULL: none), which is about to be sent it: what
 * ws_shared_frame_for gives of each message, in their order. Borrowed.
 */
struct ws_shared *ws_joined_for(struct ws_joined *joined, struct ws_deflate *deflate);

#endif
