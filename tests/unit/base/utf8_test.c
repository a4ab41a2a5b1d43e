/*
 * A text is taken exactly when RFC 3629 allows it, however it is cut, and refused at its first
 * impossible byte. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/utf8.h"

/* "valid", "end", or the index of the byte that failed, with parts of `step` bytes. */
static void check_in_parts(struct span text, size_t step, char *out, size_t size)
{
	struct utf8 utf8 = {0};

	for (size_t i = 0; i < text.len; i += step) {
		size_t len = text.len - i < step ? text.len - i : step;

		if (!utf8_check(&utf8, text.ptr + i, len)) {
			snprintf(out, size, "%zu", i);
			return;
		}
	}
	snprintf(out, size, "%s", utf8_is_complete(&utf8) ? "valid" : "end");
}

static void every_row_fails_where_it_should(void **state)
{
	static struct table table;
	char *columns[3], found[32];

	(void)state;
	table_open(&table, "utf8.txt");
	while (table_next(&table, columns, 3)) {
		struct span text = table_unhex(columns[2]);
		bool valid = strcmp(columns[1], "valid") == 0;

		check_in_parts(text, 1, found, sizeof(found));
		table_expect(&table, columns[0], found, columns[1]);
		table_expect(&table, columns[0], utf8_valid(text) ? "valid" : "bad",
			valid ? "valid" : "bad");
	}
	table_close(&table);
}

static void parts_of_any_size_agree(void **state)
{
	static struct table table;
	char *columns[3], found[32];

	(void)state;
	table_open(&table, "utf8.txt");
	while (table_next(&table, columns, 3)) {
		struct span text = table_unhex(columns[2]);
		bool ends_well = columns[1][0] == 'v' || columns[1][0] == 'e';

		for (size_t step = 2; step < 40; step++) {
			check_in_parts(text, step, found, sizeof(found));
			if (ends_well)
				table_expect(&table, columns[0], found, columns[1]);
			else if (strcmp(found, "valid") == 0 || strcmp(found, "end") == 0)
				table_expect(&table, columns[0], found, "an index");
		}
	}
	table_close(&table);
}

/* All 2^16 two-byte and a sweep of three- and four-byte texts against arithmetic. */
static bool valid_by_arithmetic(uint32_t character, unsigned bytes)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};

	return character >= lowest[bytes] && character <= 0x10ffff &&
	       (character < 0xd800 || character > 0xdfff);
}

static void every_code_point_in_every_length(void **state)
{
	(void)state;
	for (uint32_t character = 0; character < 0x200000; character++) {
		char four[4] = {(char)(0xf0 | character >> 18),
			(char)(0x80 | (character >> 12 & 0x3f)),
			(char)(0x80 | (character >> 6 & 0x3f)), (char)(0x80 | (character & 0x3f))};
		char three[3] = {(char)(0xe0 | character >> 12), four[2], four[3]};
		char two[2] = {(char)(0xc0 | character >> 6), four[3]};

		if (utf8_valid((struct span){four, 4}) != valid_by_arithmetic(character, 4))
			fail_msg("U+%x in four bytes", (unsigned)character);
		if (character < 0x10000 &&
			utf8_valid((struct span){three, 3}) != valid_by_arithmetic(character, 3))
			fail_msg("U+%x in three bytes", (unsigned)character);
		if (character < 0x800 &&
			utf8_valid((struct span){two, 2}) != valid_by_arithmetic(character, 2))
			fail_msg("U+%x in two bytes", (unsigned)character);
	}
}

/* Valid texts of all lengths of characters, with at most one byte of them changed. */
static size_t random_text(char *text, size_t size, unsigned short seed[3])
{
	static const char *const characters[] = {"a", "zebra zebra zebra", "\xc3\xa9",
		"\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\xa4\xad\xa2", "\xf4\x8f\xbf\xbf"};
	size_t len = 0;

	while (len < size - 20) {
		const char *next = characters[nrand48(seed) % 7];

		memcpy(text + len, next, strlen(next));
		len += strlen(next);
	}
	len -= (size_t)nrand48(seed) % 64;
	if (nrand48(seed) % 4 != 0)
		text[(size_t)nrand48(seed) % len] = (char)nrand48(seed);
	return len;
}

/* Long texts go through the processor's wide instructions, single bytes never do. */
static void long_texts_are_judged_as_their_bytes_are(void **state)
{
	unsigned short seed[3] = {1, 2, 3};
	char text[320], found[32];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		size_t len = random_text(text, 100 + i % 200, seed);
		size_t cut = (size_t)nrand48(seed) % len;
		struct utf8 utf8 = {0};
		bool is_valid;

		check_in_parts((struct span){text, len}, 1, found, sizeof(found));
		is_valid = strcmp(found, "valid") == 0;
		if (utf8_valid((struct span){text, len}) != is_valid)
			fail_msg("text %u, %zu bytes: by bytes it is %s", i, len, found);
		if ((utf8_check(&utf8, text, cut) && utf8_check(&utf8, text + cut, len - cut) &&
			    utf8_is_complete(&utf8)) != is_valid)
			fail_msg("text %u, cut at %zu of %zu: by bytes it is %s", i, cut, len,
				found);
	}
}

static void a_broken_text_stays_broken(void **state)
{
	struct utf8 utf8 = {0};

	(void)state;
	assert_false(utf8_check(&utf8, "a\xff", 2));
	assert_false(utf8_check(&utf8, "abcdefghijklmnopqrstuvwxyz", 26));
	assert_false(utf8_is_complete(&utf8));
}

static void cutting_keeps_characters_whole(void **state)
{
	static const struct {
		const char *text;
		size_t limit, wanted;
	} rows[] = {
		{"", 0, 0},
		{"abc", 3, 3},
		{"abc", 9, 3},
		{"abc", 2, 2},
		{"a\xc3\xa9", 2, 1},
		{"a\xc3\xa9", 3, 3},
		{"a\xc3\xa9z", 3, 3},
		{"\xe2\x82\xac\xe2\x82\xac", 5, 3},
		{"\xe2\x82\xac\xe2\x82\xac", 4, 3},
		{"\xf0\xa4\xad\xa2", 3, 0},
		{"ab\xf0\xa4\xad\xa2", 5, 2},
		{"\xf0\xa4\xad\xa2", 0, 0},
		/* no text at all: cut at the limit, never far below it */
		{"\x80\x80\x80\x80\x80\x80\x80\x80", 6, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t found = utf8_cut(span_of(rows[i].text), rows[i].limit);

		if (found != rows[i].wanted)
			fail_msg("row %zu: cut at %zu, wanted %zu", i, found, rows[i].wanted);
	}
}

static void length_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(utf8_length(span_of("")), 0);
	assert_int_equal(utf8_length(span_of("abc")), 3);
	assert_int_equal(utf8_length(span_of("a\xc3\xa9\xe2\x82\xac\xf0\xa4\xad\xa2")), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_fails_where_it_should),
		cmocka_unit_test(parts_of_any_size_agree),
		cmocka_unit_test(every_code_point_in_every_length),
		cmocka_unit_test(long_texts_are_judged_as_their_bytes_are),
		cmocka_unit_test(a_broken_text_stays_broken),
		cmocka_unit_test(cutting_keeps_characters_whole),
		cmocka_unit_test(length_counts_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
