/*
 * gmtime_r takes a lock of the C library, which the code that crashed may hold: the calendar is
 * computed here. Called by the crash handler. SPDX-License-Identifier: MIT
 */
#include "base/safe_text.h"

#include <string.h>

static void put_char(struct safe_text *text, char c)
{
	if (text->len + 1 < text->size)
		text->out[text->len++] = c;
	text->out[text->len] = '\0';
}

void safe_text_array(struct safe_text *text, const char *add, size_t size)
{
	for (const char *end = add + size; add < end && *add != '\0'; add++)
		put_char(text, (unsigned char)*add < 0x20 || *add == 0x7f ? '?' : *add);
}

void safe_text_put(struct safe_text *text, const char *add)
{
	safe_text_array(text, add, strlen(add));
}

/* At least `width` digits. */
static void put_digits(struct safe_text *text, uint64_t number, unsigned base, unsigned width)
{
	char digits[20];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0 || count < width);
	while (count > 0)
		put_char(text, digits[--count]);
}

void safe_text_number(struct safe_text *text, uint64_t number)
{
	put_digits(text, number, 10, 1);
}

void safe_text_hex(struct safe_text *text, uint64_t number)
{
	safe_text_put(text, "0x");
	put_digits(text, number, 16, 1);
}

/*
 * Days since 1970 to a date. Years begin in March here, so that the leap day is a year's last day
 * and the months' lengths repeat every five months of 153 days.
 */
static void put_date(struct safe_text *text, uint64_t days)
{
	enum { DAYS_TO_1970 = 719468, DAYS_OF_400_YEARS = 146097 };
	uint64_t since_0 = days + DAYS_TO_1970, era = since_0 / DAYS_OF_400_YEARS;
	uint64_t day = since_0 % DAYS_OF_400_YEARS;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t day_of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

	put_digits(text, year + era * 400 + (month >= 10), 10, 4);
	put_char(text, '-');
	put_digits(text, month < 10 ? month + 3 : month - 9, 10, 2);
	put_char(text, '-');
	put_digits(text, day_of_year - (153 * month + 2) / 5 + 1, 10, 2);
}

void safe_text_time(struct safe_text *text, int64_t seconds, unsigned ms)
{
	uint64_t all = seconds < 0 ? 0 : (uint64_t)seconds, of_day = all % 86400;

	put_date(text, all / 86400);
	put_char(text, 'T');
	put_digits(text, of_day / 3600, 10, 2);
	put_char(text, ':');
	put_digits(text, of_day / 60 % 60, 10, 2);
	put_char(text, ':');
	put_digits(text, of_day % 60, 10, 2);
	put_char(text, '.');
	put_digits(text, ms, 10, 3);
	put_char(text, 'Z');
}
