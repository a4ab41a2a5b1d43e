/*
 * Dates and date-times as pydantic 2 reads them: ISO 8601, or Unix time in seconds (milliseconds
 * above its watershed). Nobody's time zone and no clock is asked: what has no offset stays so, and
 * a Unix time is UTC. SPDX-License-Identifier: MIT
 */
#include "wire/value_parse.h"

#define DAY_S 86400
/* 0000-01-01 and the last second of 9999. Above this many of them "seconds" are milliseconds. */
#define UNIX_FIRST INT64_C(-62167219200)
#define UNIX_LAST  INT64_C(253402300799)
#define WATERSHED  INT64_C(20000000000)

static bool year_is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_of_month(int32_t year, int32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && year_is_leap(year) ? 29 : days[month - 1];
}

/* ---- ISO 8601 -------------------------------------------------------------------------------- */

/* The date that `s` starts with. */
static const char *read_date(struct span s, struct value_datetime *out)
{
	int32_t century, year;

	if (s.len < 10)
		return VALUE_TOO_SHORT;
	if (!value_two_digits(s, &century) || !value_two_digits(span_from(s, 2), &year))
		return "invalid character in year";
	if (s.ptr[4] != '-')
		return "invalid date separator, expected `-`";
	if (!value_two_digits(span_from(s, 5), &out->month))
		return "invalid character in month";
	if (s.ptr[7] != '-')
		return "invalid date separator, expected `-`";
	if (!value_two_digits(span_from(s, 8), &out->day))
		return "invalid character in day";
	if (out->month < 1 || out->month > 12)
		return "month value is outside expected range of 1-12";
	out->year = century * 100 + year;
	if (out->day < 1 || out->day > days_of_month(out->year, out->month))
		return "day value is outside expected range";
	return NULL;
}

static const char *read_date_alone(struct span s, struct value_datetime *out)
{
	const char *wrong = read_date(s, out);

	return wrong == NULL && s.len > 10 ? VALUE_EXTRA : wrong;
}

static const char *read_date_and_time(struct span s, struct value_datetime *out)
{
	const char *wrong = read_date(s, out);
	struct value_time time;

	if (wrong != NULL)
		return wrong;
	s = span_from(s, 10);
	if (s.len == 0 || s.ptr[0] == '\0' || span_find(SPAN("Tt _"), s.ptr[0]) == 4)
		return "invalid datetime separator, expected `T`, `t`, `_` or space";
	wrong = value_time_read(span_from(s, 1), &time);
	if (wrong != NULL)
		return wrong;
	out->hour = time.hour;
	out->minute = time.minute;
	out->second = time.second;
	out->microsecond = time.microsecond;
	out->has_offset = time.has_offset;
	out->offset_s = time.offset_s;
	return NULL;
}

/* ---- Unix time ------------------------------------------------------------------------------- */

/* Days from 0000-01-01 to the first of January of `year`. */
static int64_t days_before(int64_t year)
{
	return 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
}

static void set_date(struct value_datetime *out, int64_t days)
{
	out->year = (int32_t)(days / 366);
	while (days_before(out->year + 1) <= days)
		out->year++;
	days -= days_before(out->year);
	for (out->month = 1; days >= days_of_month(out->year, out->month); out->month++)
		days -= days_of_month(out->year, out->month);
	out->day = (int32_t)days + 1;
}

static const char *set_unix(struct value_datetime *out, int64_t second, int32_t microsecond)
{
	int32_t of_day;

	if (second < UNIX_FIRST)
		return "dates before 0000 are not supported as unix timestamps";
	if (second > UNIX_LAST)
		return "dates after 9999 are not supported as unix timestamps";
	of_day = (int32_t)((second - UNIX_FIRST) % DAY_S);
	*out = (struct value_datetime){.hour = of_day / 3600,
		.minute = of_day / 60 % 60,
		.second = of_day % 60,
		.microsecond = microsecond,
		.has_offset = 1};
	set_date(out, (second - UNIX_FIRST) / DAY_S);
	return NULL;
}

/* False when it is no integer, or beyond 64 bits: then it is no time either. */
static bool read_integer(struct span s, int64_t *out)
{
	bool is_negative = s.len > 0 && s.ptr[0] == '-';

	if (is_negative || (s.len > 0 && s.ptr[0] == '+'))
		s = span_from(s, 1);
	*out = 0;
	for (size_t i = 0; i < s.len; i++)
		if (!value_is_digit(s.ptr[i]) || __builtin_mul_overflow(*out, (int64_t)10, out) ||
			__builtin_add_overflow(*out, (int64_t)(s.ptr[i] - '0'), out))
			return false;
	*out = is_negative ? -*out : *out;
	return s.len > 0;
}

static const char *set_integer(struct value_datetime *out, int64_t number)
{
	int64_t second = number / 1000, thousandth = number % 1000;

	if (number >= -WATERSHED && number <= WATERSHED)
		return set_unix(out, number, 0);
	if (thousandth < 0) {
		second--;
		thousandth += 1000;
	}
	return set_unix(out, second, (int32_t)thousandth * 1000);
}

static const char *set_decimal(struct value_datetime *out, double number)
{
	int64_t second;
	int32_t microsecond;

	if (number > (double)WATERSHED || number < -(double)WATERSHED)
		number /= 1000;
	/* Compared as they are: a larger double does not fit into any integer. */
	if (number < (double)UNIX_FIRST || number >= (double)(UNIX_LAST + 1))
		return set_unix(out, number < 0 ? INT64_MIN : INT64_MAX, 0);
	second = (int64_t)number;
	if ((double)second > number)
		second--;
	microsecond = (int32_t)((number - (double)second) * 1e6 + 0.5);
	return set_unix(out, second + microsecond / 1000000, microsecond % 1000000);
}

/* ---- the two types --------------------------------------------------------------------------- */

/* A number is tried last; what cannot be one is complained of as the date and time it is not. */
static const char *read_datetime(struct span s, struct arena *arena, struct value_datetime *out)
{
	const char *wrong = read_date_and_time(s, out);
	int64_t integer;
	double number;

	if (wrong == NULL)
		return NULL;
	if (read_integer(s, &integer))
		return set_integer(out, integer);
	if (span_find(s, '.') < s.len && value_number_decimal(s, arena, &number))
		return set_decimal(out, number);
	return wrong;
}

static const char year_zero[] = "year 0 is out of range";

bool value_parse_datetime(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct value_datetime found = {0}, date = {0};
	const char *wrong = read_datetime(text, arena, &found);
	int64_t integer;

	if (wrong != NULL && !read_integer(text, &integer)) {
		wrong = read_date_alone(text, &date);
		found = date;
	}
	if (wrong != NULL)
		return value_refuse(why, arena, "datetime_from_date_parsing",
			"Input should be a valid datetime or date", wrong);
	if (found.year == 0)
		return value_refuse(why, arena, "datetime_parsing", why->message, year_zero);
	out->datetime = found;
	return true;
}

bool value_parse_date(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct value_datetime found = {0};
	const char *wrong = NULL;

	if (read_date_alone(text, &found) != NULL)
		wrong = read_datetime(text, arena, &found);
	if (wrong != NULL)
		return value_refuse(why, arena, "date_from_datetime_parsing",
			"Input should be a valid date or datetime", wrong);
	if ((found.hour | found.minute | found.second | found.microsecond) != 0) {
		*why = (struct value_error){.type = "date_from_datetime_inexact",
			.message = "Datetimes provided to dates should have zero time - e.g. be "
				   "exact dates"};
		return false;
	}
	if (found.year == 0)
		return value_refuse(why, arena, "date_parsing", why->message, year_zero);
	out->date = (struct value_date){found.year, found.month, found.day};
	return true;
}
