/*
 * A server's incoming half of RFC 6455: bytes to messages and control frames, checked frame by
 * frame, byte by byte. A frame that lies whole in the input is unmasked and handed out in place;
 * only a part of a message is kept, in a buffer of at most 32 times what has arrived, and never of
 * more than was announced, and an idle decoder holds no memory besides itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WS_MESSAGE_H
#define SOCKLET_WIRE_WS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "wire/wire.h"
#include "wire/ws_frame.h"

/* What came in: a whole message, or one control frame. Valid until the next call or its input. */
struct ws_message {
	enum ws_opcode opcode; /* WS_TEXT, WS_BINARY, WS_PING, WS_PONG or WS_CLOSE */
	struct span payload;   /* of a close frame: the reason only */
	unsigned close_code;   /* of a close frame; 1005 when it carried none */
	bool is_compressed;    /* a message as ws_deflate_inflate takes it: no UTF-8 yet */
	/* Right before a long payload, bytes of the input that are of no use any more: its header.
	 */
	uint8_t spare;
};

struct ws_decoder {
	struct buf message;    /* unmasked part of a message not yet whole */
	struct buf control;    /* the same of a control frame cut by the end of input */
	uint64_t payload_left; /* of the frame being read */
	size_t limit;          /* bytes of a message, beyond it 1009 */
	uint32_t frame_limit;  /* bytes of a frame, beyond it 1009; 0: any */
	uint32_t frames;       /* headers read; for its owner to set back */
	uint8_t header[14];    /* bytes of a header cut by the end of input */
	uint8_t header_len;
	uint8_t frame_byte;     /* FIN and opcode of the frame being read */
	uint8_t message_opcode; /* of the fragmented message being read, 0 for none */
	uint8_t phase;          /* of the mask */
	uint8_t mask[4];
	bool in_payload;
	bool takes_compressed; /* permessage-deflate was agreed on; the caller sets it */
	bool is_compressed;    /* the message being read */
	uint8_t short_most;    /* bytes of a short message, within both limits */
	bool is_busy; /* not as between two messages: a part of one, a buffer to free, or spent */
	struct utf8 utf8;
};

void ws_decoder_init(struct ws_decoder *decoder, size_t limit);
void ws_decoder_fini(struct ws_decoder *decoder);
/* False while a message has begun and is not whole: nothing was changed. */
bool ws_decoder_set_limits(struct ws_decoder *decoder, size_t limit, uint32_t frame_limit);
/* Something has begun, a frame or a message, and is not whole. */
bool ws_decoder_is_inside(const struct ws_decoder *decoder);

/*
 * Where the rest of a long payload is received best, as it is then not copied again: what was put
 * there is given to ws_decode, and nothing else before it. At most *size bytes, which is lowered to
 * what there is room for. NULL: none has begun, or what is missing of it is short.
 */
uint8_t *ws_decoder_room(struct ws_decoder *decoder, size_t *size);

/*
 * Takes bytes from *data (which it may overwrite: unmasking in place), moving it and *len on, until
 * one message or control frame is whole (WIRE_DONE), the input is used up (WIRE_MORE), or a rule
 * is broken (WIRE_BAD; why->code gives the close code, why->text the reason for the close frame).
 * Call it until WIRE_MORE: the call after WIRE_DONE frees a payload that did not lie whole in the
 * input. After WIRE_BAD, and after a close frame, the decoder is spent.
 *
 * ERR_WS_PROTOCOL (1002): "incorrect masking", "reserved bits must be 0", "invalid opcode",
 * "unexpected continuation frame", "expected a continuation frame", "control frame too long",
 * "fragmented control frame", "invalid status code", "close frame too short",
 * "payload length not in its shortest form" (or with its top bit set).
 * ERR_WS_INVALID_PAYLOAD (1007): "" for a text; for a close reason "invalid start byte at position
 * N", "invalid continuation byte at position N" or "unexpected end of data at position N".
 * ERR_TOO_LARGE (1009): "frame with N bytes exceeds limit of M bytes", N counting the message's
 * earlier fragments, or "frame with N bytes exceeds frame limit of M bytes"; said at the frame's
 * header, before any of its payload. Of a compressed
 * message these are the bytes as they came, which may be an eighth more than the limit: what does
 * not compress becomes longer.
 */
enum wire ws_decode(struct ws_decoder *decoder, uint8_t **data, size_t *len, struct ws_message *out,
	struct err *why);

#endif
