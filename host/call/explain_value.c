/*
 * One row a type. Knows what the members of socklet.h look like, and nothing of where they come
 * from; called by explain_report.c. SPDX-License-Identifier: MIT
 */
#include "call/explain_value.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <socklet.h>

#include "call/detail.h"
#include "inject/member.h"

/* What a provider left untouched is NULL; plugins get it as "". */
static json_t *text_json(const void *where)
{
	const char *text = *(const char *const *)where;

	return detail_text(span_of(text == NULL ? "" : text));
}

static json_t *str_json(const void *where)
{
	const struct sl_str *str = where;

	return detail_text((struct span){str->ptr, str->len});
}

static json_t *int_json(const void *where)
{
	return json_integer(*(const int64_t *)where);
}

/* JSON has no such numbers. */
static json_t *double_json(const void *where)
{
	double number = *(const double *)where;

	if (isnan(number))
		return json_string("nan");
	if (isinf(number))
		return json_string(number < 0 ? "-inf" : "inf");
	return json_real(number);
}

static json_t *bool_json(const void *where)
{
	return json_boolean(*(const bool *)where);
}

enum { WRITTEN_MAX = 64 }; /* a uuid has 36 characters, a number fewer */

/* Beyond INT64_MAX jansson has no integer; the digits are the same. */
static json_t *uint_json(const void *where)
{
	char text[WRITTEN_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, *(const uint64_t *)where);
	return json_string(text);
}

static json_t *uuid_json(const void *where)
{
	const uint8_t *bytes = ((const struct sl_uuid *)where)->bytes;
	char text[WRITTEN_MAX];
	size_t len = 0;

	for (size_t i = 0; i < 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	return json_string(text);
}

static void put_date(struct buf *out, const struct sl_date *date)
{
	buf_printf(
		out, "%04" PRId32 "-%02" PRId32 "-%02" PRId32, date->year, date->month, date->day);
}

static void put_time(struct buf *out, const struct sl_time *time)
{
	int32_t minutes = abs(time->offset_s) / 60;

	buf_printf(out, "%02" PRId32 ":%02" PRId32 ":%02" PRId32, time->hour, time->minute,
		time->second);
	if (time->microsecond != 0)
		buf_printf(out, ".%06" PRId32, time->microsecond);
	if (time->has_offset && time->offset_s == 0)
		buf_printf(out, "Z");
	else if (time->has_offset)
		buf_printf(out, "%c%02" PRId32 ":%02" PRId32, time->offset_s < 0 ? '-' : '+',
			minutes / 60, minutes % 60);
}

/* Takes what was written. */
static json_t *written(struct buf *out)
{
	json_t *text = detail_text(buf_span(out));

	buf_fini(out);
	return text;
}

static json_t *date_json(const void *where)
{
	struct buf out = {0};

	put_date(&out, where);
	return written(&out);
}

static json_t *time_json(const void *where)
{
	struct buf out = {0};

	put_time(&out, where);
	return written(&out);
}

static json_t *datetime_json(const void *where)
{
	const struct sl_datetime *all = where;
	const struct sl_date date = {all->year, all->month, all->day};
	const struct sl_time time = {all->hour, all->minute, all->second, all->microsecond,
		all->has_offset, all->offset_s};
	struct buf out = {0};

	put_date(&out, &date);
	buf_printf(&out, "T");
	put_time(&out, &time);
	return written(&out);
}

/* In seconds, as whoever sent "PT1M30S" counts. */
static json_t *timedelta_json(const void *where)
{
	int64_t microseconds = ((const struct sl_timedelta *)where)->microseconds;
	uint64_t size = microseconds < 0 ? 0 - (uint64_t)microseconds : (uint64_t)microseconds;
	struct buf out = {0};

	buf_printf(&out, "%s%" PRIu64, microseconds < 0 ? "-" : "", size / 1000000);
	if (size % 1000000 != 0)
		buf_printf(&out, ".%06" PRIu64, size % 1000000);
	buf_printf(&out, " s");
	return written(&out);
}

static json_t *enum_json(const void *where)
{
	return json_integer(*(const int32_t *)where);
}

/* An optional member begins with its value, so one row does for both; and for a list's items. */
static const struct row {
	uint32_t type;
	bool is_quoted; /* a text whose ends nobody would see otherwise */
	json_t *(*json)(const void *where);
} rows[] = {
	{SL_TYPE_TEXT, true, text_json},
	{SL_TYPE_STR, true, str_json},
	{SL_TYPE_INT, false, int_json},
	{SL_TYPE_DOUBLE, false, double_json},
	{SL_TYPE_BOOL, false, bool_json},
	{SL_TYPE_UINT, false, uint_json},
	{SL_TYPE_UUID, false, uuid_json},
	{SL_TYPE_DATETIME, false, datetime_json},
	{SL_TYPE_DATE, false, date_json},
	{SL_TYPE_TIME, false, time_json},
	{SL_TYPE_TIMEDELTA, false, timedelta_json},
	{SL_TYPE_ENUM, false, enum_json},
};

static const struct row *row_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == (type & ~(uint32_t)(SL_TYPE_OPTIONAL | SL_TYPE_LIST)))
			return &rows[i];
	return NULL;
}

static json_t *one_json(const struct row *row, const struct choices *choices, const void *where)
{
	const char *name = NULL;

	if (row->type == SL_TYPE_ENUM && choices != NULL)
		name = choices_name(choices, *(const int32_t *)where);
	return name == NULL ? row->json(where) : json_string(name);
}

/* All lists look alike but for what their items are. */
static json_t *list_json(
	const struct row *row, uint32_t type, const struct choices *choices, const void *where)
{
	size_t size = member_type_find(type & ~(uint32_t)(SL_TYPE_OPTIONAL | SL_TYPE_LIST))->size;
	const struct sl_list_text *list = where;
	json_t *out = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(
			out, one_json(row, choices, (const char *)list->items + i * size));
	return out;
}

json_t *explain_value_json(uint32_t type, const struct choices *choices, const void *where)
{
	const struct row *row = row_of(type);

	if (row == NULL)
		return NULL;
	return type & SL_TYPE_LIST ? list_json(row, type, choices, where)
				   : one_json(row, choices, where);
}

/* As few digits as give the same number again. */
static void put_real(struct buf *out, double number)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
			break;
	}
	buf_printf(out, "%s", text);
}

static void put_value(struct buf *out, const json_t *value, bool is_quoted)
{
	char *text;

	if (json_is_array(value)) {
		buf_printf(out, "[");
		for (size_t i = 0; i < json_array_size(value); i++) {
			buf_printf(out, "%s", i > 0 ? ", " : "");
			put_value(out, json_array_get(value, i), is_quoted);
		}
		buf_printf(out, "]");
	} else if (json_is_real(value)) {
		put_real(out, json_real_value(value));
	} else if (json_is_string(value) && !is_quoted) {
		buf_printf(out, "%s", json_string_value(value));
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY);
		buf_printf(out, "%s", text);
		free(text);
	}
}

void explain_value_text(
	struct buf *out, uint32_t type, const struct choices *choices, const void *where)
{
	const struct row *row = row_of(type);
	json_t *value;

	if (row == NULL) {
		buf_printf(out, "a value of type %u", (unsigned)type);
		return;
	}
	value = explain_value_json(type, choices, where);
	put_value(out, value, row->is_quoted);
	json_decref(value);
}
