/*
 * Whatever a peer sent can be shown on one printable line of bounded length.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/quote.h"

static void quotes_are_printable_and_short(void **state)
{
	char bytes[256];

	(void)state;
	assert_string_equal(quote(SPAN("")).text, "\"\"");
	assert_string_equal(quote(SPAN("GET /")).text, "\"GET /\"");
	assert_string_equal(
		quote(SPAN("a\r\n\0\x7f\x80\xff")).text, "\"a\\x0d\\x0a\\x00\\x7f\\x80\\xff\"");
	for (int fill = 0; fill < 256; fill++) {
		memset(bytes, fill, sizeof(bytes));
		for (size_t len = 0; len < sizeof(bytes); len++) {
			struct quoted quoted = quote((struct span){bytes, len});
			size_t size = strlen(quoted.text);

			assert_true(size < sizeof(quoted.text));
			assert_int_equal(quoted.text[size - 1], '"');
			for (size_t i = 0; i < size; i++)
				assert_in_range(quoted.text[i], 0x20, 0x7e);
		}
	}
}

static void a_cut_shows(void **state)
{
	char bytes[100];
	const char *text;
	struct quoted quoted;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	quoted = quote((struct span){bytes, sizeof(bytes)});
	text = quoted.text;
	assert_string_equal(text + strlen(text) - 5, "a...\"");
	quoted = quote((struct span){bytes, 60});
	assert_int_equal(strlen(quoted.text), 62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_are_printable_and_short),
		cmocka_unit_test(a_cut_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
