/*
 * The hash is the one of FIPS 180-4, as its own examples have it. SPDX-License-Identifier: MIT
 */
#include "wire/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void hashes_as_the_standard_says(void **state)
{
	static const struct {
		const char *text, *hash;
	} rows[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t hash[SHA256_BYTES];
		char hex[2 * SHA256_BYTES + 1];

		assert_true(sha256_of(span_of(rows[i].text), hash));
		for (size_t j = 0; j < SHA256_BYTES; j++)
			snprintf(hex + 2 * j, 3, "%02x", hash[j]);
		assert_string_equal(hex, rows[i].hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(hashes_as_the_standard_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
