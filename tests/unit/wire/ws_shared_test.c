/*
 * A message for many is encoded once, as one piece, and lives as long as anybody holds it.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/xalloc.h"
#include "deflate_terms.h"
#include "wire/ws_deflate.h"
#include "wire/ws_shared.h"

static const struct {
	enum ws_opcode opcode;
	size_t len;
	const char *header;
	size_t header_len;
} frames[] = {
	{WS_TEXT, 0, "\x81\x00", 2},
	{WS_BINARY, 1, "\x82\x01", 2},
	{WS_TEXT, 125, "\x81\x7d", 2},
	{WS_TEXT, 126, "\x81\x7e\x00\x7e", 4},
	{WS_BINARY, 65535, "\x82\x7e\xff\xff", 4},
	{WS_BINARY, 65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10},
};

static void a_frame_is_header_and_payload_in_one_piece(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		char *payload = xmalloc(frames[i].len + 1);
		struct ws_shared *shared;
		struct span frame, back;

		memset(payload, 'p', frames[i].len + 1);
		shared = ws_shared_new(frames[i].opcode, (struct span){payload, frames[i].len});
		frame = ws_shared_frame(shared);
		back = ws_shared_payload(shared);
		assert_int_equal(ws_shared_opcode(shared), frames[i].opcode);
		assert_int_equal(frame.len, frames[i].header_len + frames[i].len);
		assert_memory_equal(frame.ptr, frames[i].header, frames[i].header_len);
		assert_ptr_equal(back.ptr, frame.ptr + frames[i].header_len);
		assert_int_equal(back.len, frames[i].len);
		assert_memory_equal(back.ptr, payload, frames[i].len);
		ws_shared_unref(shared);
		free(payload);
	}
}

static void bytes_that_are_no_frame_live_as_long(void **state)
{
	struct buf bytes = {0};
	struct ws_shared *shared;
	char *at;

	(void)state;
	buf_append(&bytes, "as they came", 12);
	at = bytes.data;
	shared = ws_shared_adopt(&bytes);
	assert_null(bytes.data);
	ws_shared_ref(shared);
	ws_shared_unref(shared);
	assert_memory_equal(at, "as they came", 12);
	ws_shared_unref(shared);
}

/* The sanitizers see a use after the end, and what is never freed. */
static void it_lives_until_the_last_lets_go(void **state)
{
	struct ws_shared *shared = ws_shared_new(WS_TEXT, SPAN("for many"));

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_ptr_equal(ws_shared_ref(shared), shared);
	for (unsigned i = 0; i < 1000; i++)
		ws_shared_unref(shared);
	assert_memory_equal(ws_shared_payload(shared).ptr, "for many", 8);
	ws_shared_unref(shared);
	ws_shared_unref(NULL);
}

/* ---- compressed ----------------------------------------------------------------------------- */

enum { TEXT_BYTES = 4000 };

static struct ws_deflate *peer_new(
	struct ws_deflate_shared *streams, unsigned bits, bool has_context)
{
	const struct ws_compression agreed = deflate_terms(bits, 100, has_context);

	return ws_deflate_new(streams, &agreed);
}

/* The frame's payload inflates to the text, at a peer that heard all before. */
static void peer_understands(struct ws_deflate *peer, struct span frame, const char *text)
{
	struct ws_message message = {WS_TEXT, span_from(frame, 4), 0, true, 0};
	struct err why;

	assert_int_equal((uint8_t)frame.ptr[0], 0xc1);
	assert_int_equal((uint8_t)frame.ptr[1], 126);
	assert_int_equal(message.payload.len, (uint8_t)frame.ptr[2] << 8 | (uint8_t)frame.ptr[3]);
	assert_true(ws_deflate_inflate(peer, &message, 65536, &why));
	assert_int_equal(message.payload.len, TEXT_BYTES);
	assert_memory_equal(message.payload.ptr, text, TEXT_BYTES);
}

static struct ws_shared *text_new(char *text)
{
	for (unsigned i = 0; i < TEXT_BYTES; i++)
		text[i] = (char)('a' + i * i % 251 % 26);
	return ws_shared_new(WS_TEXT, (struct span){text, TEXT_BYTES});
}

static void it_is_compressed_once_for_all_whose_window_holds_it(void **state)
{
	static const struct {
		unsigned bits;
		unsigned same_as; /* the frame of that row */
	} rows[] = {{12, 0}, {12, 0}, {15, 0}, {9, 3}, {13, 0}, {11, 3}, {9, 3}, {8, 7}, {15, 0}};
	struct ws_deflate_shared streams = {0}, others = {0};
	char text[TEXT_BYTES];
	struct ws_shared *shared = text_new(text);
	struct span frames_of[9];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_deflate *deflate = peer_new(&streams, rows[i].bits, false);
		struct ws_deflate *peer = peer_new(&others, rows[i].bits, true);

		frames_of[i] = ws_shared_frame_for(shared, deflate);
		assert_ptr_equal(frames_of[i].ptr, frames_of[rows[i].same_as].ptr);
		peer_understands(peer, frames_of[i], text);
		ws_deflate_free(deflate);
		ws_deflate_free(peer);
	}
	ws_shared_unref(shared);
	ws_deflate_shared_fini(&streams);
	ws_deflate_shared_fini(&others);
}

static void a_peer_that_keeps_a_context_goes_on_with_its_own(void **state)
{
	struct ws_deflate_shared streams = {0}, others = {0};
	struct ws_deflate *deflate = peer_new(&streams, 15, true);
	struct ws_deflate *peer = peer_new(&others, 15, true);
	char text[TEXT_BYTES];
	struct ws_shared *shared = text_new(text);
	struct err why;

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		struct ws_message message = {WS_TEXT, {text, TEXT_BYTES}, 0, true, 0};

		if (i % 4 == 3) {
			peer_understands(peer, ws_shared_frame_for(shared, deflate), text);
			continue;
		}
		assert_true(ws_deflate_compress(deflate, &message.payload));
		assert_true(ws_deflate_inflate(peer, &message, 65536, &why));
		assert_memory_equal(message.payload.ptr, text, TEXT_BYTES);
	}
	ws_shared_unref(shared);
	ws_deflate_free(deflate);
	ws_deflate_free(peer);
	ws_deflate_shared_fini(&streams);
	ws_deflate_shared_fini(&others);
}

static void it_is_plain_for_peers_without_and_when_short_or_noise(void **state)
{
	struct ws_deflate_shared streams = {0};
	struct ws_deflate *deflate = peer_new(&streams, 15, false);
	struct ws_shared *brief = ws_shared_new(WS_TEXT, SPAN("for many"));
	char text[TEXT_BYTES];
	struct ws_shared *shared = text_new(text), *noise;

	(void)state;
	for (unsigned i = 0; i < TEXT_BYTES; i++)
		text[i] = (char)rand();
	noise = ws_shared_new(WS_BINARY, (struct span){text, TEXT_BYTES});
	assert_ptr_equal(ws_shared_frame_for(shared, NULL).ptr, ws_shared_frame(shared).ptr);
	assert_ptr_equal(ws_shared_frame_for(brief, deflate).ptr, ws_shared_frame(brief).ptr);
	for (unsigned i = 0; i < 2; i++)
		assert_ptr_equal(
			ws_shared_frame_for(noise, deflate).ptr, ws_shared_frame(noise).ptr);
	ws_shared_unref(brief);
	ws_shared_unref(shared);
	ws_shared_unref(noise);
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_header_and_payload_in_one_piece),
		cmocka_unit_test(bytes_that_are_no_frame_live_as_long),
		cmocka_unit_test(it_lives_until_the_last_lets_go),
		cmocka_unit_test(it_is_compressed_once_for_all_whose_window_holds_it),
		cmocka_unit_test(a_peer_that_keeps_a_context_goes_on_with_its_own),
		cmocka_unit_test(it_is_plain_for_peers_without_and_when_short_or_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
