/*
 * Any text of any type: a value or an error with its texts, nothing else. Dates and times are
 * in the calendar; a number, or a date and time, is accepted again as it is written out.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An integer reads back as itself. */
static void check_int(int64_t number)
{
	struct arena arena = {0};
	struct value_error why;
	union value again;
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	if (!value_parse(VALUE_INT, span_of(text), &arena, &again, &why) || again.integer != number)
		abort();
	/* And as a float it is no error either. */
	if (!value_parse(VALUE_DOUBLE, span_of(text), &arena, &again, &why))
		abort();
	arena_fini(&arena);
}

static void check_uint(uint64_t number)
{
	struct arena arena = {0};
	struct value_error why;
	union value again;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (!value_parse(VALUE_UINT, span_of(text), &arena, &again, &why) ||
		again.uinteger != number)
		abort();
	arena_fini(&arena);
}

static void expect(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_time(const struct value_time *time)
{
	expect(time->hour >= 0 && time->hour <= 23 && time->minute >= 0 && time->minute <= 59);
	expect(time->second >= 0 && time->second <= 59);
	expect(time->microsecond >= 0 && time->microsecond <= 999999);
	expect(time->has_offset == 0 || time->has_offset == 1);
	expect(abs(time->offset_s) < 86400 && (time->has_offset || time->offset_s == 0));
}

static void check_date(const struct value_date *date)
{
	expect(date->year >= 1 && date->year <= 9999);
	expect(date->month >= 1 && date->month <= 12 && date->day >= 1 && date->day <= 31);
}

/* A date and time reads back as itself. */
static void check_datetime(const struct value_datetime *when)
{
	struct arena arena = {0};
	struct value_error why;
	union value again;
	int east = abs(when->offset_s) / 60;
	char text[64], offset[32] = "";

	check_date(&(struct value_date){when->year, when->month, when->day});
	check_time(&(struct value_time){when->hour, when->minute, when->second, when->microsecond,
		when->has_offset, when->offset_s});
	if (when->has_offset)
		snprintf(offset, sizeof(offset), "%c%02d:%02d", when->offset_s < 0 ? '-' : '+',
			east / 60, east % 60);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06d%s", when->year,
		when->month, when->day, when->hour, when->minute, when->second, when->microsecond,
		offset);
	expect(value_parse(VALUE_DATETIME, span_of(text), &arena, &again, &why));
	expect(memcmp(&again.datetime, when, sizeof(*when)) == 0);
	arena_fini(&arena);
}

static void check_value(enum value_type type, const union value *value, size_t size)
{
	if (type == VALUE_TEXT)
		expect(strlen(value->text) == size);
	else if (type == VALUE_INT)
		check_int(value->integer);
	else if (type == VALUE_UINT)
		check_uint(value->uinteger);
	else if (type == VALUE_DATETIME)
		check_datetime(&value->datetime);
	else if (type == VALUE_DATE)
		check_date(&value->date);
	else if (type == VALUE_TIME)
		check_time(&value->time);
}

static void check_error(enum value_type type, const struct value_error *why)
{
	expect(type != VALUE_STR && why->type != NULL && why->message != NULL);
	expect((why->ctx[0].name == NULL) == (why->ctx[0].value == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int type = 0; type < VALUE_TYPE_COUNT; type++) {
		struct arena arena = {0};
		struct value_error why;
		union value value;
		unsigned char stored[sizeof(value)];

		if (!value_parse((enum value_type)type, (struct span){(const char *)data, size},
			    &arena, &value, &why)) {
			check_error((enum value_type)type, &why);
		} else {
			value_store((enum value_type)type, &value, stored);
			check_value((enum value_type)type, &value, size);
		}
		arena_fini(&arena);
	}
	return 0;
}
