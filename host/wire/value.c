/*
 * One row a type: its name, how many bytes it takes, how its text is read. The short readers are
 * here (str, bool, size, duration), the others in value_number.c, value_uuid.c, value_time.c,
 * value_calendar.c and value_timedelta.c. Knows no field and no source: inject and config say what
 * was wrong where. SPDX-License-Identifier: MIT
 */
#include "wire/value.h"

#include <string.h>

#include "wire/value_parse.h"

bool value_refuse(struct value_error *why, struct arena *arena, const char *type,
	const char *message, const char *detail)
{
	*why = (struct value_error){.type = type,
		.message = arena_printf(arena, "%s, %s", message, detail),
		.ctx = {{"error", detail, false}}};
	return false;
}

/* Cuts [0-9]+ off; *out stops at UINT64_MAX. False when there is no digit. */
static bool cut_number(struct span *s, uint64_t *out, bool *overflowed)
{
	uint64_t number = 0;
	size_t i = 0;

	for (; i < s->len && value_is_digit(s->ptr[i]); i++) {
		uint64_t digit = (uint64_t)(s->ptr[i] - '0');

		if (__builtin_mul_overflow(number, (uint64_t)10, &number) ||
			__builtin_add_overflow(number, digit, &number)) {
			*overflowed = true;
			number = UINT64_MAX / 10;
		}
	}
	*s = span_from(*s, i);
	*out = number;
	return i > 0;
}

static bool parse_str(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	(void)why;
	out->str = arena_span(arena, text);
	return true;
}

static bool parse_text(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	(void)why;
	if (span_find(text, '\0') != text.len)
		return false;
	out->text = arena_text(arena, text.ptr, text.len);
	return true;
}

static bool parse_bool(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	/* In pairs, true first. */
	static const char *const words[] = {
		"1", "0", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"};

	(void)arena;
	(void)why;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_equal_nocase(text, span_of(words[i]))) {
			out->truth = i % 2 == 0;
			return true;
		}
	}
	return false;
}

static bool parse_size(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"", 1}, {"B", 1}, {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
	struct span s = span_trim(text);
	bool overflowed = false;
	uint64_t number;

	(void)arena;
	(void)why;
	if (!cut_number(&s, &number, &overflowed) || overflowed)
		return false;
	s = span_trim(s);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_equal_nocase(s, span_of(units[i].name)))
			return !__builtin_mul_overflow(number, units[i].bytes, &out->size);
	return false;
}

/* Cuts one "30s" off and adds it to *total. `below` is the last unit, so that "1s2m" is refused. */
static bool cut_duration(struct span *s, uint64_t *total, uint64_t *below)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	bool overflowed = false;
	uint64_t number;

	if (!cut_number(s, &number, &overflowed) || overflowed)
		return false;
	*s = span_trim(*s);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct span name = span_of(units[i].name);

		if (!span_starts(*s, name) || units[i].ms >= *below)
			continue;
		*s = span_trim(span_from(*s, name.len));
		*below = units[i].ms;
		return !__builtin_mul_overflow(number, units[i].ms, &number) &&
		       !__builtin_add_overflow(*total, number, total);
	}
	return false;
}

static bool parse_duration(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct span s = span_trim(text), digits = s;
	uint64_t total = 0, below = UINT64_MAX, number;
	bool overflowed = false;

	(void)arena;
	if (cut_number(&digits, &number, &overflowed) && digits.len == 0) {
		why->type = "duration_unit";
		why->message = "Input should be a time with a unit, such as 250ms, 20s or 1m30s: "
			       "add a unit";
		out->duration_ms = 0;
		return number == 0;
	}
	do {
		if (!cut_duration(&s, &total, &below))
			return false;
	} while (s.len > 0);
	out->duration_ms = total;
	return true;
}

/* Which names there are is the field's affair: choices_find knows them. */
static bool parse_enum(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	(void)text;
	(void)arena;
	(void)out;
	(void)why;
	return false;
}

/* A member's forms: plain, optional, list, optional list. */
#define NAMES(name)                                         \
	{                                                   \
		name, name "?", name " list", name " list?" \
	}

static const struct {
	const char *names[4];
	value_parser *parse;
	size_t size;
	const char *error, *message; /* unless the parser has better ones */
} rows[VALUE_TYPE_COUNT] = {
	[VALUE_TEXT] = {NAMES("str"), parse_text, sizeof(const char *), "string_nul",
		"String should not contain a NUL character"},
	[VALUE_STR] = {NAMES("str"), parse_str, sizeof(struct span), "string_type",
		"Input should be a valid string"},
	[VALUE_INT] = {NAMES("int"), value_parse_int, sizeof(int64_t), "int_parsing",
		"Input should be a valid integer, unable to parse string as an integer"},
	[VALUE_DOUBLE] = {NAMES("float"), value_parse_double, sizeof(double), "float_parsing",
		"Input should be a valid number, unable to parse string as a number"},
	[VALUE_BOOL] = {NAMES("bool"), parse_bool, sizeof(bool), "bool_parsing",
		"Input should be a valid boolean, unable to interpret input"},
	[VALUE_SIZE] = {NAMES("size"), parse_size, sizeof(uint64_t), "size_parsing",
		"Input should be a size such as 512, 64KiB or 1MiB"},
	[VALUE_DURATION] = {NAMES("duration"), parse_duration, sizeof(uint64_t), "duration_parsing",
		"Input should be a time such as 250ms, 20s or 1m30s"},
	[VALUE_UINT] = {NAMES("uint"), value_parse_uint, sizeof(uint64_t), "int_parsing",
		"Input should be a valid integer, unable to parse string as an integer"},
	[VALUE_UUID] = {NAMES("uuid"), value_parse_uuid, sizeof(struct value_uuid), "uuid_parsing",
		"Input should be a valid UUID"},
	[VALUE_DATETIME] = {NAMES("datetime"), value_parse_datetime, sizeof(struct value_datetime),
		"datetime_parsing", "Input should be a valid datetime"},
	[VALUE_DATE] = {NAMES("date"), value_parse_date, sizeof(struct value_date), "date_parsing",
		"Input should be a valid date in the format YYYY-MM-DD"},
	[VALUE_TIME] = {NAMES("time"), value_parse_time, sizeof(struct value_time), "time_parsing",
		"Input should be in a valid time format"},
	[VALUE_TIMEDELTA] = {NAMES("timedelta"), value_parse_timedelta, sizeof(int64_t),
		"time_delta_parsing", "Input should be a valid timedelta"},
	[VALUE_ENUM] = {NAMES("enum"), parse_enum, sizeof(int32_t), "enum",
		"Input should be one of the names"},
};

bool value_parse(enum value_type type, struct span text, struct arena *arena, union value *out,
	struct value_error *why)
{
	*why = (struct value_error){.type = rows[type].error, .message = rows[type].message};
	return rows[type].parse(text, arena, out, why);
}

size_t value_size(enum value_type type)
{
	return rows[type].size;
}

void value_store(enum value_type type, const union value *value, void *where)
{
	/* Every member of a union starts where the union does. */
	memcpy(where, value, rows[type].size);
}

const char *value_type_name(enum value_type type)
{
	return value_form_name(type, false, false);
}

const char *value_form_name(enum value_type type, bool is_list, bool is_optional)
{
	return rows[type].names[2 * is_list + is_optional];
}

bool value_type_find(struct span name, enum value_type *out)
{
	/* From the end: of the two that are called "str", VALUE_STR is the one without conditions.
	 */
	for (int type = VALUE_TYPE_COUNT - 1; type >= 0; type--) {
		if (span_equal(name, span_of(rows[type].names[0]))) {
			*out = (enum value_type)type;
			return true;
		}
	}
	return false;
}
