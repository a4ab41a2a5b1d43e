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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_header_and_payload_in_one_piece),
		cmocka_unit_test(it_lives_until_the_last_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
