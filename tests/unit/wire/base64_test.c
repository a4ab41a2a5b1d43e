/*
 * Both alphabets decode exactly the texts that an encoder writes, and refuse every other.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/base64.h"

/* "-" when it is refused, "=" when it is empty. */
static const char *describe(char *out, bool ok, struct span bytes)
{
	strcpy(out, !ok ? "-" : bytes.len == 0 ? "=" : "");
	for (size_t i = 0; ok && i < bytes.len; i++)
		sprintf(out + 2 * i, "%02x", (unsigned)(uint8_t)bytes.ptr[i]);
	return out;
}

static void decodes_as_the_table_says(void **state)
{
	static struct table table;
	char *columns[3], found[200];

	(void)state;
	table_open(&table, "base64.txt");
	while (table_next(&table, columns, 3)) {
		struct arena arena = {0};
		struct span text = table_unescape(columns[0]), bytes;
		bool ok = base64_decode(text, &arena, &bytes);

		table_expect(&table, columns[0], describe(found, ok, bytes), columns[1]);
		ok = base64_decode_url(text, &arena, &bytes);
		table_expect(&table, columns[0], describe(found, ok, bytes), columns[2]);
		arena_fini(&arena);
	}
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(decodes_as_the_table_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
