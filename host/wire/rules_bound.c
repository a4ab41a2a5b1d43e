/*
 * Order and spelling of bounds. Dates and times are ordered as pydantic does it: by the moment when
 * both say their offset from UTC, by what the clock shows when one does not. Knows no rule. Called
 * by rules.c. SPDX-License-Identifier: MIT
 */
#include "wire/rules_bound.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ----------------------------------------------------------------------------------- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Days from 0000-03-01: any fixed day would do. */
static int64_t day_number(struct value_date date)
{
	int64_t year = date.year - (date.month <= 2);
	int64_t month = (date.month + 9) % 12;

	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date.day;
}

static int64_t second_of_day(const struct value_time *time)
{
	return time->hour * 3600 + time->minute * 60 + time->second;
}

static int order_times(
	int64_t a_day, const struct value_time *a, int64_t b_day, const struct value_time *b)
{
	int64_t a_seconds = a_day * 86400 + second_of_day(a);
	int64_t b_seconds = b_day * 86400 + second_of_day(b);

	if (a->has_offset && b->has_offset) {
		a_seconds -= a->offset_s;
		b_seconds -= b->offset_s;
	}
	if (a_seconds != b_seconds)
		return ORDER(a_seconds, b_seconds);
	return ORDER(a->microsecond, b->microsecond);
}

static struct value_date date_of(const struct value_datetime *when)
{
	return (struct value_date){when->year, when->month, when->day};
}

static struct value_time time_of(const struct value_datetime *when)
{
	return (struct value_time){when->hour, when->minute, when->second, when->microsecond,
		when->has_offset, when->offset_s};
}

static int order_datetimes(const struct value_datetime *a, const struct value_datetime *b)
{
	struct value_time a_time = time_of(a), b_time = time_of(b);

	return order_times(day_number(date_of(a)), &a_time, day_number(date_of(b)), &b_time);
}

int rules_bound_order(enum value_type type, const union value *a, const union value *b)
{
	switch (type) {
	case VALUE_DOUBLE:
		return ORDER(a->number, b->number);
	case VALUE_UINT:
		return ORDER(a->uinteger, b->uinteger);
	case VALUE_DATETIME:
		return order_datetimes(&a->datetime, &b->datetime);
	case VALUE_DATE:
		return ORDER(day_number(a->date), day_number(b->date));
	case VALUE_TIME:
		return order_times(0, &a->time, 0, &b->time);
	case VALUE_TIMEDELTA:
		return ORDER(a->timedelta_us, b->timedelta_us);
	default:
		return ORDER(a->integer, b->integer);
	}
}

bool rules_bound_is_stepped(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_UINT;
}

/* ---- spelling -------------------------------------------------------------------------------- */

/* The fewest digits that are read as the same number. */
static const char *double_text(double number, struct arena *arena)
{
	char *text = NULL;

	for (int digits = 1; digits <= 17; digits++) {
		text = arena_printf(arena, "%.*g", digits, number);
		if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
			break;
	}
	/* A plugin may have called setlocale. */
	if (strchr(text, ',') != NULL)
		*strchr(text, ',') = '.';
	return text;
}

static const char *date_text(struct value_date date, struct arena *arena)
{
	return arena_printf(
		arena, "%04d-%02d-%02d", (int)date.year, (int)date.month, (int)date.day);
}

static const char *time_text(const struct value_time *time, struct arena *arena)
{
	int minutes = abs((int)time->offset_s) / 60;
	const char *text = arena_printf(
		arena, "%02d:%02d:%02d", (int)time->hour, (int)time->minute, (int)time->second);

	if (time->microsecond != 0)
		text = arena_printf(arena, "%s.%06d", text, (int)time->microsecond);
	if (!time->has_offset)
		return text;
	if (time->offset_s == 0)
		return arena_printf(arena, "%sZ", text);
	return arena_printf(arena, "%s%c%02d:%02d", text, time->offset_s < 0 ? '-' : '+',
		minutes / 60, minutes % 60);
}

/* "1 day and 2 hours", and of what is below zero "-1 days and 23 hours": Python's timedelta. */
static const char *timedelta_text(int64_t microseconds, struct arena *arena)
{
	static const struct {
		const char *name;
		int64_t size; /* microseconds */
	} units[] = {{"day", 86400000000}, {"hour", 3600000000}, {"minute", 60000000},
		{"second", 1000000}, {"microsecond", 1}};
	const char *text = NULL;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t count = microseconds / units[i].size;

		/* Only days are below zero. */
		if (microseconds < 0 && count * units[i].size != microseconds)
			count--;
		microseconds -= count * units[i].size;
		if (count != 0)
			text = arena_printf(arena, "%s%s%lld %s%s", text == NULL ? "" : text,
				text == NULL ? "" : " and ", (long long)count, units[i].name,
				count == 1 ? "" : "s");
	}
	return text == NULL ? "0 seconds" : text;
}

static const char *datetime_text(const struct value_datetime *when, struct arena *arena)
{
	const struct value_time time = time_of(when);

	return arena_printf(
		arena, "%sT%s", date_text(date_of(when), arena), time_text(&time, arena));
}

const char *rules_bound_text(enum value_type type, const union value *value, struct arena *arena)
{
	switch (type) {
	case VALUE_DOUBLE:
		return double_text(value->number, arena);
	case VALUE_UINT:
		return arena_printf(arena, "%llu", (unsigned long long)value->uinteger);
	case VALUE_DATETIME:
		return datetime_text(&value->datetime, arena);
	case VALUE_DATE:
		return date_text(value->date, arena);
	case VALUE_TIME:
		return time_text(&value->time, arena);
	case VALUE_TIMEDELTA:
		return timedelta_text(value->timedelta_us, arena);
	default:
		return arena_printf(arena, "%lld", (long long)value->integer);
	}
}

bool rules_bound_is_number(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_UINT || type == VALUE_DOUBLE;
}
