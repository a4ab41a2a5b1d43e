/*
 * What a peer sends gives the same events fed whole and fed in parts of any size, texts are valid
 * UTF-8, and memory stays within what arrived. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "base/buf.h"
#include "wire/ws_message.h"

enum { LIMIT = 300 };

static void check_message(const struct ws_message *message)
{
	switch (message->opcode) {
	case WS_TEXT:
		fuzz_assert(utf8_valid(message->payload));
		fuzz_assert(message->payload.len <= LIMIT);
		break;
	case WS_BINARY:
		fuzz_assert(message->payload.len <= LIMIT);
		break;
	case WS_CLOSE:
		fuzz_assert(utf8_valid(message->payload));
		fuzz_assert(
			message->close_code == 1005 || ws_close_code_valid(message->close_code));
		fuzz_assert(message->payload.len <= WS_REASON_MAX);
		break;
	case WS_PING:
	case WS_PONG:
		fuzz_assert(message->payload.len <= WS_CONTROL_MAX);
		break;
	case WS_CONTINUATION:
	default:
		abort();
	}
}

/* False behind a fault. */
static bool feed(struct ws_decoder *decoder, uint8_t *data, size_t len, struct buf *events)
{
	struct ws_message message;
	struct err why;
	enum wire result;

	while ((result = ws_decode(decoder, &data, &len, &message, &why)) == WIRE_DONE) {
		check_message(&message);
		buf_printf(events, "<%d/%u:", (int)message.opcode, message.close_code);
		buf_append_span(events, message.payload);
		buf_append(events, ">", 1);
	}
	fuzz_assert(decoder->message.capacity <= LIMIT);
	fuzz_assert(decoder->control.capacity <= WS_CONTROL_MAX);
	if (result == WIRE_BAD) {
		fuzz_assert(err_close_code(why.code) >= 1002);
		buf_printf(events, "bad %d:%s", (int)why.code, why.text);
		return false;
	}
	fuzz_assert(len == 0);
	return true;
}

static void feed_in_parts(
	struct fuzz_input *input, struct span bytes, bool whole, struct buf *events)
{
	struct ws_decoder decoder;
	bool more = true;

	ws_decoder_init(&decoder, LIMIT);
	for (size_t at = 0, len; more && at < bytes.len; at += len) {
		uint8_t *part;

		len = whole ? bytes.len : fuzz_chop(input, bytes.len - at);
		part = malloc(len);
		fuzz_assert(part != NULL);
		memcpy(part, bytes.ptr + at, len);
		more = feed(&decoder, part, len, events);
		free(part);
	}
	ws_decoder_fini(&decoder);
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
