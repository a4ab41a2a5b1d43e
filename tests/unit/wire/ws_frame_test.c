/*
 * Frame headers, close payloads, close codes and masks are those of RFC 6455, to the byte.
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

/* Every length around the word size, phase and alignment against the plain loop. */
static void unmasking_equals_the_plain_loop(void **state)
{
	static const uint8_t key[4] = {0x12, 0x34, 0x56, 0x78};
	uint8_t found[240], wanted[240];

	(void)state;
	for (size_t start = 0; start < 8; start++) {
		for (size_t len = 0; len + start <= 230; len++) {
			for (unsigned phase = 0; phase < 4; phase++) {
				bool is_ascii = true;

				for (size_t i = 0; i < sizeof(found); i++)
					found[i] = wanted[i] = (uint8_t)(i * 37);
				for (size_t i = 0; i < len; i++) {
					wanted[start + i] ^= key[(phase + i) & 3];
					is_ascii &= wanted[start + i] < 0x80;
				}
				assert_int_equal(
					ws_unmask(found + start, len, key, phase), is_ascii);
				assert_memory_equal(found, wanted, sizeof(found));
			}
		}
	}
}

/* Of otherwise ASCII bytes, one that is not is seen wherever it stands. */
static void unmasking_sees_each_byte_that_is_not_ascii(void **state)
{
	static const uint8_t key[4] = {0x12, 0x34, 0x56, 0x78};
	uint8_t data[200];

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		for (size_t odd = 0; odd <= len; odd++) {
			memset(data, 'a', sizeof(data));
			if (odd < len)
				data[odd] = 0xc3;
			for (size_t i = 0; i < len; i++)
				data[i] ^= key[i & 3];
			assert_int_equal(ws_unmask(data, len, key, 0), odd == len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_use_the_shortest_length),
		cmocka_unit_test(close_payloads_are_cut_between_characters),
		cmocka_unit_test(close_codes_that_a_peer_may_send),
		cmocka_unit_test(unmasking_equals_the_plain_loop),
		cmocka_unit_test(unmasking_sees_each_byte_that_is_not_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
