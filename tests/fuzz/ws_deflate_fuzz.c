/*
 * Frames of a peer with permessage-deflate give the same messages fed whole and fed in parts, none
 * is longer than the limit, nothing takes more room than that, and what was inflated comes back
 * when we compress it. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/ws_deflate.h"

enum { LIMIT = 40000 };

struct peer {
	struct ws_decoder decoder;
	struct ws_deflate_shared shared, other_shared;
	struct ws_deflate *deflate, *other; /* the other inflates what we send */
};

static void peer_init(struct peer *peer, const struct fuzz_input *input)
{
	struct ws_compression agreed = {
		.server_context = (input->chops[0] & 1) == 0,
		.client_context = (input->chops[0] & 2) == 0,
		.server_bits = (uint8_t)(8 + input->chops[1] % 8),
		.client_bits = (uint8_t)(8 + input->chops[2] % 8),
		.level = (uint8_t)(1 + input->chops[3] % 9),
	};
	struct ws_compression turned = agreed;

	turned.client_context = agreed.server_context;
	turned.client_bits = agreed.server_bits;
	memset(peer, 0, sizeof(*peer));
	ws_decoder_init(&peer->decoder, LIMIT);
	peer->decoder.takes_compressed = true;
	peer->deflate = ws_deflate_new(&peer->shared, &agreed);
	peer->other = ws_deflate_new(&peer->other_shared, &turned);
}

static void peer_fini(struct peer *peer)
{
	ws_decoder_fini(&peer->decoder);
	ws_deflate_free(peer->deflate);
	ws_deflate_free(peer->other);
	ws_deflate_shared_fini(&peer->shared);
	ws_deflate_shared_fini(&peer->other_shared);
}

static void send_back(struct peer *peer, const struct ws_message *message)
{
	struct ws_message sent = {message->opcode, message->payload, 0, true};
	struct err why;

	if (!ws_deflate_compress(peer->deflate, &sent.payload))
		return;
	fuzz_assert(sent.payload.len < message->payload.len);
	fuzz_assert(ws_deflate_inflate(peer->other, &sent, LIMIT, &why));
	fuzz_assert(span_equal(sent.payload, message->payload));
}

/* False when the connection is to be closed. */
static bool take(struct peer *peer, struct ws_message *message, struct err *why)
{
	if (message->is_compressed) {
		fuzz_assert(message->opcode == WS_TEXT || message->opcode == WS_BINARY);
		if (!ws_deflate_inflate(peer->deflate, message, LIMIT, why))
			return false;
	}
	fuzz_assert(message->payload.len <= LIMIT);
	fuzz_assert(message->opcode != WS_TEXT || utf8_valid(message->payload));
	send_back(peer, message);
	return true;
}

/* False behind a fault. */
static bool feed(struct peer *peer, uint8_t *data, size_t len, struct buf *events)
{
	struct ws_message message;
	struct err why;
	enum wire result;

	while ((result = ws_decode(&peer->decoder, &data, &len, &message, &why)) == WIRE_DONE) {
		if (!take(peer, &message, &why)) {
			result = WIRE_BAD;
			break;
		}
		buf_printf(events, "<%d:", (int)message.opcode);
		buf_append_span(events, message.payload);
		buf_append(events, ">", 1);
	}
	fuzz_assert(peer->shared.inflated.capacity <= LIMIT + 1);
	fuzz_assert(peer->decoder.message.capacity <= LIMIT + LIMIT / 8 + 64);
	if (result == WIRE_BAD)
		buf_printf(events, "bad %u:%s", err_close_code(why.code), why.text);
	return result != WIRE_BAD;
}

static void feed_in_parts(
	struct fuzz_input *input, struct span bytes, bool whole, struct buf *events)
{
	struct peer peer;
	bool more = true;

	peer_init(&peer, input);
	for (size_t at = 0, len; more && at < bytes.len; at += len) {
		uint8_t *part;

		len = whole ? bytes.len : fuzz_chop(input, bytes.len - at);
		part = malloc(len);
		fuzz_assert(part != NULL);
		memcpy(part, bytes.ptr + at, len);
		more = feed(&peer, part, len, events);
		free(part);
	}
	peer_fini(&peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct span bytes = fuzz_rest(&input);
	struct buf wanted = {0}, found = {0};

	feed_in_parts(&input, bytes, true, &wanted);
	feed_in_parts(&input, bytes, false, &found);
	fuzz_assert(span_equal(buf_span(&wanted), buf_span(&found)));
	buf_fini(&wanted);
	buf_fini(&found);
	fuzz_end(&input);
	return 0;
}
