/*
 * Spans of time as pydantic 2 reads them: ISO 8601 (P1DT2H), "1 day, 02:00:00" and 02:00:00, each
 * with a sign before it. A year is 365 days here and a month 30. Knows no calendar.
 * SPDX-License-Identifier: MIT
 */
#include "wire/value_parse.h"

#define DAY_S     86400
#define SECOND_US 1000000
#define DAYS_MAX  999999999
#define HOURS_MAX INT64_C(2400000000)

static const char too_large[] = "a numeric value in the duration is too large";
static const char bad_days[] = "\"day\" identifier in duration not correctly formatted";

/* What was read, not yet carried over; days and seconds stay within 32 bits, as pydantic's do. */
struct parts {
	uint64_t days, seconds, microseconds;
};

static bool add(uint64_t *sum, uint64_t value)
{
	*sum += value;
	return *sum <= UINT32_MAX;
}

/* Cuts [0-9]+ off. */
static const char *cut_number(struct span *s, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < s->len && value_is_digit(s->ptr[i]); i++) {
		*out = *out * 10 + (uint64_t)(s->ptr[i] - '0');
		if (*out > UINT32_MAX)
			return too_large;
	}
	*s = span_from(*s, i);
	return i == 0 ? "invalid digit in duration" : NULL;
}

/* ---- P1DT2H ---------------------------------------------------------------------------------- */

/* Cuts ".5" off; false when there is none. */
static bool cut_fraction(struct span *s, double *out)
{
	double digits = 0, unit = 1;
	size_t i = 1;

	*out = 0;
	if (s->len == 0 || (s->ptr[0] != '.' && s->ptr[0] != ','))
		return false;
	for (; i < s->len && value_is_digit(s->ptr[i]); i++) {
		if (unit > 1e18)
			continue;
		digits = digits * 10 + (s->ptr[i] - '0');
		unit *= 10;
	}
	*s = span_from(*s, i);
	*out = digits / unit;
	return true;
}

/* How many of the small unit the letter stands for; 0: nothing here. */
static uint64_t unit_of(struct span s, const char *letters, const uint16_t *units)
{
	for (size_t i = 0; s.len > 0 && letters[i] != '\0'; i++)
		if (letters[i] == s.ptr[0])
			return units[i];
	return 0;
}

static bool add_seconds(struct parts *parts, uint64_t whole, double part)
{
	uint64_t more = (uint64_t)part;

	parts->microseconds += (uint64_t)((part - (double)more) * SECOND_US + 0.5);
	return add(&parts->seconds, whole + more);
}

static bool add_days(struct parts *parts, uint64_t whole, double part)
{
	uint64_t more = (uint64_t)part;

	return add(&parts->days, whole + more) &&
	       add_seconds(parts, 0, (part - (double)more) * DAY_S);
}

/* Cuts "1.5H" off. */
static const char *cut_quantity(
	struct span *s, bool is_time, bool *had_fraction, struct parts *parts)
{
	static const uint16_t day_units[] = {365, 30, 7, 1}, second_units[] = {3600, 60, 1};
	uint64_t number, unit;
	double fraction;
	const char *wrong = cut_number(s, &number);
	bool has_fraction, fits;

	if (wrong != NULL)
		return wrong;
	has_fraction = cut_fraction(s, &fraction);
	if (*had_fraction)
		return "quantity fraction invalid in duration";
	*had_fraction = has_fraction;
	unit = is_time ? unit_of(*s, "HMS", second_units) : unit_of(*s, "YMWD", day_units);
	if (unit == 0)
		return is_time ? "quantity invalid in time part of duration"
			       : "quantity invalid in date part of duration";
	*s = span_from(*s, 1);
	fits = is_time ? add_seconds(parts, number * unit, fraction * (double)unit)
		       : add_days(parts, number * unit, fraction * (double)unit);
	return fits ? NULL : too_large;
}

/* What is behind the 'P'. */
static const char *read_iso(struct span s, struct parts *parts)
{
	bool is_time = false, had_fraction = false, is_short = s.len < 2;
	const char *wrong = NULL;

	while (wrong == NULL && s.len > 0) {
		if (s.ptr[0] != 'T') {
			wrong = cut_quantity(&s, is_time, &had_fraction, parts);
		} else if (is_time) {
			wrong = "`t` character repeated in duration";
		} else {
			is_time = true;
			s = span_from(s, 1);
		}
	}
	return wrong == NULL && is_short ? VALUE_TOO_SHORT : wrong;
}

/* ---- 1 day, 02:00:00 ------------------------------------------------------------------------- */

static const char *read_hours(struct span s, int64_t *out)
{
	/* Length first: what is longer would not fit, and is complained of so. */
	if (s.len > 10)
		return "durations may not exceed 999,999,999 hours";
	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!value_is_digit(s.ptr[i]))
			return "invalid character in hour";
		*out = *out * 10 + (s.ptr[i] - '0');
	}
	return *out > HOURS_MAX ? "durations may not exceed 999,999,999 hours" : NULL;
}

/* Unlike a time of day it may have more than 23 hours, in any number of digits. */
static const char *read_clock(struct span s, struct parts *parts)
{
	struct span hours = s;
	struct value_time time = {0};
	int64_t number;
	const char *wrong;

	if (s.len < 5)
		return VALUE_TOO_SHORT;
	hours.len = span_find(s, ':');
	if (hours.len == s.len)
		return "invalid character in hour";
	wrong = read_hours(hours, &number);
	s = span_from(s, hours.len + 1);
	if (wrong == NULL && s.len < 2)
		wrong = VALUE_TOO_SHORT;
	if (wrong == NULL)
		wrong = value_time_cut_minutes(&s, &time);
	if (wrong == NULL && s.len > 0)
		wrong = VALUE_EXTRA;
	if (wrong != NULL)
		return wrong;
	parts->days += (uint64_t)number / 24;
	parts->seconds = (uint64_t)(number % 24 * 3600 + time.minute * 60 + time.second);
	parts->microseconds = (uint64_t)time.microsecond;
	return NULL;
}

static bool starts_nocase(struct span s, struct span word)
{
	return s.len >= word.len && span_equal_nocase((struct span){s.ptr, word.len}, word);
}

static void skip(struct span *s, struct span word)
{
	if (starts_nocase(*s, word))
		*s = span_from(*s, word.len);
}

/* Cuts "1 day, ", "1d " and what is between them off. */
static const char *cut_days(struct span *s, uint64_t *days)
{
	const char *wrong = cut_number(s, days);

	if (wrong != NULL)
		return wrong;
	skip(s, SPAN(" "));
	if (!starts_nocase(*s, SPAN("d")))
		return bad_days;
	*s = span_from(*s, 1);
	if (starts_nocase(*s, SPAN("a"))) {
		if (!starts_nocase(*s, SPAN("ay")))
			return bad_days;
		*s = span_from(*s, 2);
		skip(s, SPAN("s"));
	}
	skip(s, SPAN(","));
	skip(s, SPAN(" "));
	return NULL;
}

static const char *read_days(struct span s, struct parts *parts)
{
	struct parts clock = {0};
	const char *wrong = cut_days(&s, &parts->days);

	if (wrong != NULL || s.len == 0)
		return wrong;
	wrong = read_clock(s, &clock);
	if (wrong == NULL && clock.days > 0)
		wrong = "durations may not exceed 999,999,999 hours";
	parts->seconds = clock.seconds;
	parts->microseconds = clock.microseconds;
	return wrong;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const char *read_parts(struct span s, struct parts *parts)
{
	bool has_day = span_find(s, 'd') < s.len || span_find(s, 'D') < s.len;

	if (s.len == 0)
		return VALUE_TOO_SHORT;
	if (s.ptr[0] == 'P')
		return read_iso(span_from(s, 1), parts);
	return has_day || s.len < 5 ? read_days(s, parts) : read_clock(s, parts);
}

static const char *total(const struct parts *parts, int64_t *out)
{
	uint64_t seconds = parts->seconds + parts->microseconds / SECOND_US;
	int64_t days = (int64_t)(parts->days + seconds / DAY_S);
	int64_t rest = (int64_t)(seconds % DAY_S * SECOND_US + parts->microseconds % SECOND_US);

	if (days > DAYS_MAX)
		return "durations may not exceed 999,999,999 days";
	if (__builtin_mul_overflow(days, (int64_t)DAY_S * SECOND_US, out) ||
		__builtin_add_overflow(*out, rest, out))
		return too_large;
	return NULL;
}

bool value_parse_timedelta(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	char sign = text.len > 0 ? text.ptr[0] : '0';
	struct parts parts = {0};
	const char *wrong;

	wrong = read_parts(span_from(text, sign == '+' || sign == '-'), &parts);
	if (wrong == NULL)
		wrong = total(&parts, &out->timedelta_us);
	if (wrong != NULL)
		return value_refuse(why, arena, "time_delta_parsing", why->message, wrong);
	if (sign == '-')
		out->timedelta_us = -out->timedelta_us;
	return true;
}
