/*
 * Frame headers, short frames, close payloads and close codes are those of RFC 6455, to the byte.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/ws_frame.h"

static void headers_use_the_shortest_length(void **state)
{
	static const struct {
		enum ws_opcode opcode;
		uint64_t len;
		const char *wanted;
	} rows[] = {
		{WS_TEXT, 0, "\\x81\\x00"},
		{WS_BINARY, 1, "\\x82\\x01"},
		{WS_PONG, 125, "\\x8a}"},
		{WS_TEXT, 126, "\\x81~\\x00~"},
		{WS_TEXT, 65535, "\\x81~\\xff\\xff"},
		{WS_TEXT, 65536, "\\x81\\x7f\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x00"},
		{WS_BINARY, 0x123456789abcdef0, "\\x82\\x7f\\x124Vx\\x9a\\xbc\\xde\\xf0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t header[WS_HEADER_MAX];
		char found[64];
		size_t size = ws_header_encode(header, rows[i].opcode, rows[i].len);

		table_escape(found, sizeof(found), (struct span){(char *)header, size});
		assert_string_equal(found, rows[i].wanted);
	}
}

static void close_payloads_are_cut_between_characters(void **state)
{
	uint8_t out[WS_CONTROL_MAX];
	char reason[200];

	(void)state;
	assert_int_equal(ws_close_encode(out, 0, "ignored", 7), 0);
	assert_int_equal(ws_close_encode(out, 1000, NULL, 0), 2);
	assert_memory_equal(out, "\x03\xe8", 2);
	assert_int_equal(ws_close_encode(out, 4999, "bye", 3), 5);
	assert_memory_equal(out,
		"\x13\x87"
		"bye",
		5);
	memset(reason, 'a', sizeof(reason));
	assert_int_equal(ws_close_encode(out, 1000, reason, 123), 125);
	assert_int_equal(ws_close_encode(out, 1000, reason, 124), 125);
	memcpy(reason + 122, "\xe2\x82\xac", 3);
	assert_int_equal(ws_close_encode(out, 1000, reason, 125), 124);
}

static void close_codes_that_a_peer_may_send(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= 70000; code++) {
		int wanted = (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
				     code != 1006) ||
			     (code >= 3000 && code < 5000);

		if (!ws_close_code_valid(code) != !wanted)
			fail_msg("code %u: found %d, wanted %d", code, !wanted, wanted);
	}
}

/* As ws_header_encode and a copy would have written it, and no byte more. */
static void short_frames_are_header_and_payload(void **state)
{
	char payload[WS_CONTROL_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (char)(i * 7);
	for (size_t len = 1; len <= sizeof(payload); len++) {
		uint8_t found[WS_HEADER_MAX + WS_CONTROL_MAX], wanted[sizeof(found)];
		size_t size = ws_header_encode(memset(wanted, 0xee, sizeof(wanted)), WS_TEXT, len);

		memcpy(wanted + size, payload, len);
		memset(found, 0xee, sizeof(found));
		assert_int_equal(ws_short_frame(found, WS_TEXT, payload, len), size + len);
		assert_memory_equal(found, wanted, sizeof(found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_use_the_shortest_length),
		cmocka_unit_test(close_payloads_are_cut_between_characters),
		cmocka_unit_test(close_codes_that_a_peer_may_send),
		cmocka_unit_test(short_frames_are_header_and_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
