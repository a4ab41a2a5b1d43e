/*
 * One row a type: its name, how many bytes it takes, how its text is read. Spellings, error types
 * and messages of str, int, float and bool are those of pydantic 2, tried out one by one; where
 * that accepts what nobody means ("0-1" as -1, "0__0" as 0) we do not. Knows no field and no
 * source: inject and config say what was wrong where. SPDX-License-Identifier: MIT
 */
#include "wire/value.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* False leaves the row's error standing, unless the function chose a better one. */
typedef bool parse_function(
	struct span text, struct arena *arena, union value *out, struct value_error *why);

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the blank that `s` starts with, 0 when it starts with none (Unicode White_Space). */
static size_t blank_at_start(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	if (s.len >= 1 && is_blank(s.ptr[0]))
		return 1;
	if (s.len >= 2 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
		return 2;
	if (s.len < 3)
		return 0;
	if (p[0] == 0xe1)
		return p[1] == 0x9a && p[2] == 0x80 ? 3 : 0;
	if (p[0] == 0xe3)
		return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
	if (p[0] != 0xe2)
		return 0;
	if (p[1] == 0x80)
		return p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf ? 3 : 0;
	return p[1] == 0x81 && p[2] == 0x9f ? 3 : 0;
}

static struct span trim_unicode(struct span s)
{
	for (size_t n; (n = blank_at_start(s)) > 0;)
		s = span_from(s, n);
	for (;;) {
		size_t n = 1;

		while (n <= 3 && n <= s.len && blank_at_start(span_from(s, s.len - n)) != n)
			n++;
		if (n > 3 || n > s.len)
			return s;
		s.len -= n;
	}
}

/* Cuts a sign off; true for '-'. */
static bool cut_sign(struct span *s)
{
	char sign = s->len > 0 ? s->ptr[0] : '0';

	if (sign == '+' || sign == '-')
		*s = span_from(*s, 1);
	return sign == '-';
}

/* Cuts [0-9]+ off; *out stops at UINT64_MAX. False when there is no digit. */
static bool cut_number(struct span *s, uint64_t *out, bool *overflowed)
{
	uint64_t number = 0;
	size_t i = 0;

	for (; i < s->len && is_digit(s->ptr[i]); i++) {
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

/* Digits with single '_' between them, then perhaps ".000". False when it is not spelled so. */
static bool integer_is_spelled(struct span s)
{
	size_t dot = span_find(s, '.');

	for (size_t i = 0; i < dot; i++) {
		bool between = i > 0 && i + 1 < dot && is_digit(s.ptr[i - 1]);

		if (!is_digit(s.ptr[i]) && !(s.ptr[i] == '_' && between))
			return false;
	}
	for (size_t i = dot + 1; i < s.len; i++)
		if (s.ptr[i] != '0')
			return false;
	return dot > 0 && dot + 1 != s.len;
}

static const struct value_error too_big = {.type = "int_parsing_size",
	.message = "Unable to parse input string as an integer, exceeded maximum size"};

static bool parse_int(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct span s = trim_unicode(text);
	bool negative = cut_sign(&s), overflowed = false;
	int64_t number = 0;

	(void)arena;
	if (!integer_is_spelled(s))
		return false;
	s.len = span_find(s, '.');
	/* Summed below zero, where there is one more value than above. */
	for (size_t i = 0; i < s.len && !overflowed; i++)
		if (s.ptr[i] != '_')
			overflowed = __builtin_mul_overflow(number, (int64_t)10, &number) ||
				     __builtin_sub_overflow(
					     number, (int64_t)(s.ptr[i] - '0'), &number);
	if (overflowed || (!negative && number == INT64_MIN)) {
		*why = too_big;
		return false;
	}
	out->integer = negative ? number : -number;
	return true;
}

/* pydantic has no unsigned integer: what FastAPI says of int with Field(ge=0). */
static bool parse_uint(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct span s = trim_unicode(text);
	bool negative = cut_sign(&s), overflowed = false;
	uint64_t number = 0;

	(void)arena;
	if (!integer_is_spelled(s))
		return false;
	s.len = span_find(s, '.');
	for (size_t i = 0; i < s.len && !overflowed; i++)
		if (s.ptr[i] != '_')
			overflowed = __builtin_mul_overflow(number, (uint64_t)10, &number) ||
				     __builtin_add_overflow(
					     number, (uint64_t)(s.ptr[i] - '0'), &number);
	if (negative && (overflowed || number != 0))
		*why = (struct value_error){.type = "greater_than_equal",
			.message = "Input should be greater than or equal to 0",
			.ctx_name = "ge",
			.ctx_value = "0",
			.ctx_is_number = true};
	else if (overflowed)
		*why = too_big;
	out->uinteger = number;
	return !overflowed && !(negative && number != 0);
}

static bool refuse(struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	(void)text, (void)arena, (void)out, (void)why;
	return false;
}

static size_t skip_digits(const char *text, size_t at)
{
	while (is_digit(text[at]))
		at++;
	return at;
}

/* Decimal only: strtod alone would also take "0x10" and "nan(1)". */
static bool number_is_spelled(const char *text)
{
	size_t start, end;

	text += *text == '+' || *text == '-';
	if (!strcasecmp(text, "inf") || !strcasecmp(text, "infinity") || !strcasecmp(text, "nan"))
		return true;
	end = skip_digits(text, 0);
	start = end;
	if (text[end] == '.')
		end = skip_digits(text, end + 1);
	if (end == 0 || (start == 0 && end == 1))
		return false;
	if (text[end] == 'e' || text[end] == 'E') {
		end++;
		end += text[end] == '+' || text[end] == '-';
		start = end;
		end = skip_digits(text, end);
		if (end == start)
			return false;
	}
	return text[end] == '\0';
}

/* A NUL-terminated copy without '_'; NULL for a '_' at an end, two in a row, or a NUL inside. */
static char *plain_number(struct span s, struct arena *arena)
{
	char *copy = arena_alloc(arena, s.len + 1), *end = copy;

	for (size_t i = 0; i < s.len; i++) {
		bool at_end = i == 0 || i + 1 == s.len;

		if (s.ptr[i] == '\0' || (s.ptr[i] == '_' && (at_end || s.ptr[i - 1] == '_')))
			return NULL;
		if (s.ptr[i] != '_')
			*end++ = s.ptr[i];
	}
	return copy;
}

static bool parse_double(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	const char *number = plain_number(trim_unicode(text), arena);

	(void)why;
	if (number == NULL || !number_is_spelled(number))
		return false;
	/* A plugin may call setlocale, and 1.5 must stay one and a half. The C locale is static. */
	out->number = strtod_l(number, NULL, newlocale(LC_ALL_MASK, "C", (locale_t)0));
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

static const struct {
	const char *name;
	parse_function *parse;
	size_t size;
	struct value_error error;
} rows[VALUE_TYPE_COUNT] = {
	[VALUE_TEXT] = {"str", parse_text, sizeof(const char *),
		{"string_nul", "String should not contain a NUL character"}},
	[VALUE_STR] = {"str", parse_str, sizeof(struct span),
		{"string_type", "Input should be a valid string"}},
	[VALUE_INT] = {"int", parse_int, sizeof(int64_t),
		{"int_parsing",
			"Input should be a valid integer, unable to parse string as an integer"}},
	[VALUE_DOUBLE] = {"float", parse_double, sizeof(double),
		{"float_parsing",
			"Input should be a valid number, unable to parse string as a number"}},
	[VALUE_BOOL] = {"bool", parse_bool, sizeof(bool),
		{"bool_parsing", "Input should be a valid boolean, unable to interpret input"}},
	[VALUE_SIZE] = {"size", parse_size, sizeof(uint64_t),
		{"size_parsing", "Input should be a size such as 512, 64KiB or 1MiB"}},
	[VALUE_DURATION] = {"duration", parse_duration, sizeof(uint64_t),
		{"duration_parsing", "Input should be a time such as 250ms, 20s or 1m30s"}},
	[VALUE_UINT] = {"uint", parse_uint, sizeof(uint64_t),
		{"int_parsing",
			"Input should be a valid integer, unable to parse string as an integer"}},
	[VALUE_UUID] = {"uuid", refuse, sizeof(struct value_uuid),
		{"uuid_parsing", "Input should be a valid UUID"}},
	[VALUE_DATETIME] = {"datetime", refuse, sizeof(struct value_datetime),
		{"datetime_parsing", "Input should be a valid datetime"}},
	[VALUE_DATE] = {"date", refuse, sizeof(struct value_date),
		{"date_parsing", "Input should be a valid date"}},
	[VALUE_TIME] = {"time", refuse, sizeof(struct value_time),
		{"time_parsing", "Input should be in a valid time format"}},
	[VALUE_TIMEDELTA] = {"timedelta", refuse, sizeof(int64_t),
		{"time_delta_parsing", "Input should be a valid timedelta"}},
};

bool value_parse(enum value_type type, struct span text, struct arena *arena, union value *out,
	struct value_error *why)
{
	*why = rows[type].error;
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
	return rows[type].name;
}

bool value_type_find(struct span name, enum value_type *out)
{
	/* From the end: of the two that are called "str", VALUE_STR is the one without conditions.
	 */
	for (int type = VALUE_TYPE_COUNT - 1; type >= 0; type--) {
		if (span_equal(name, span_of(rows[type].name))) {
			*out = (enum value_type)type;
			return true;
		}
	}
	return false;
}
