/*
 * A mask is what the plain loop makes of it, whatever the length, and what is not ASCII is seen.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/ws_mask.h"

/* Every length around the sizes of words and blocks, phase and alignment against the plain loop. */
static void unmasking_equals_the_plain_loop(void **state)
{
	static const uint8_t key[4] = {0x12, 0x34, 0x56, 0x78};
	uint8_t found[400] __attribute__((aligned(64))), wanted[sizeof(found)];

	(void)state;
	for (size_t start = 0; start < 64; start += 7) {
		for (size_t len = 0; len <= 330; len++) {
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
		cmocka_unit_test(unmasking_equals_the_plain_loop),
		cmocka_unit_test(unmasking_sees_each_byte_that_is_not_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
