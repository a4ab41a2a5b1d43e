/*
 * One message for many peers: encoded once, counted, never copied. Whoever queues it holds a
 * reference until its last byte has left. One thread. Knows no connection; net/ sends its frame,
 * call/ makes it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_SHARED_H
#define SOCKLET_WIRE_WS_SHARED_H

#include "base/buf.h"
#include "base/span.h"
#include "wire/ws_frame.h"

struct ws_deflate;
struct ws_shared;

/* Copies the payload, which of a text is UTF-8. The first reference is the caller's. */
struct ws_shared *ws_shared_new(unsigned opcode, struct span payload);
/* Takes the bytes, which are whole frames or parts of one: ws_shared_frame is all of them. */
struct ws_shared *ws_shared_adopt(struct buf *bytes);
struct ws_shared *ws_shared_ref(struct ws_shared *shared);
/* NULL is fine. */
void ws_shared_unref(struct ws_shared *shared);

enum ws_opcode ws_shared_opcode(const struct ws_shared *shared);
/* The whole frame as it goes out, and its payload: parts of one block. */
struct span ws_shared_frame(const struct ws_shared *shared);
struct span ws_shared_payload(const struct ws_shared *shared);
/*
 * The frame for a peer with that compression (NULL: none), which is about to be sent it:
 * compressed, if it is long enough for that and becomes smaller. Compressed without a context and
 * once for all whose window is large enough; lives as long as the message.
 */
struct span ws_shared_frame_for(struct ws_shared *shared, struct ws_deflate *deflate);

#endif
