/*
 * int, uint and float. Spellings, error types and messages are those of pydantic 2, tried out one
 * by one; where that accepts what nobody means ("0-1" as -1, "0__0" as 0) we do not. Called
 * through the rows of value.c; value_calendar.c borrows the decimal numbers.
 * SPDX-License-Identifier: MIT
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/value_parse.h"

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

/* Digits with single '_' between them, then perhaps ".000". False when it is not spelled so. */
static bool integer_is_spelled(struct span s)
{
	size_t dot = span_find(s, '.');

	for (size_t i = 0; i < dot; i++) {
		bool between = i > 0 && i + 1 < dot && value_is_digit(s.ptr[i - 1]);

		if (!value_is_digit(s.ptr[i]) && !(s.ptr[i] == '_' && between))
			return false;
	}
	for (size_t i = dot + 1; i < s.len; i++)
		if (s.ptr[i] != '0')
			return false;
	return dot > 0 && dot + 1 != s.len;
}

struct integer {
	bool is_negative, has_overflowed;
	uint64_t magnitude;
};

/* False when it is not spelled as one. */
static bool read_integer(struct span text, struct integer *out)
{
	struct span s = trim_unicode(text);
	char sign = s.len > 0 ? s.ptr[0] : '0';

	*out = (struct integer){.is_negative = sign == '-'};
	if (sign == '+' || sign == '-')
		s = span_from(s, 1);
	if (!integer_is_spelled(s))
		return false;
	s.len = span_find(s, '.');
	for (size_t i = 0; i < s.len && !out->has_overflowed; i++) {
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');

		if (s.ptr[i] != '_')
			out->has_overflowed = __builtin_mul_overflow(out->magnitude, (uint64_t)10,
						      &out->magnitude) ||
					      __builtin_add_overflow(
						      out->magnitude, digit, &out->magnitude);
	}
	return true;
}

static bool refuse_size(struct value_error *why)
{
	*why = (struct value_error){.type = "int_parsing_size",
		.message = "Unable to parse input string as an integer, exceeded maximum size"};
	return false;
}

bool value_parse_int(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct integer number;

	(void)arena;
	if (!read_integer(text, &number))
		return false;
	/* Below zero there is one more value than above. */
	if (number.has_overflowed || number.magnitude > (uint64_t)INT64_MAX + number.is_negative)
		return refuse_size(why);
	out->integer = (int64_t)(number.is_negative ? 0 - number.magnitude : number.magnitude);
	return true;
}

/* pydantic has no unsigned integer: what FastAPI says of int with Field(ge=0). */
bool value_parse_uint(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct integer number;

	(void)arena;
	if (!read_integer(text, &number))
		return false;
	if (number.is_negative && (number.has_overflowed || number.magnitude > 0)) {
		*why = (struct value_error){.type = "greater_than_equal",
			.message = "Input should be greater than or equal to 0",
			.ctx = {{"ge", "0", true}}};
		return false;
	}
	if (number.has_overflowed)
		return refuse_size(why);
	out->uinteger = number.magnitude;
	return true;
}

static size_t skip_digits(const char *text, size_t at)
{
	while (value_is_digit(text[at]))
		at++;
	return at;
}

/* strtod alone would also take "0x10" and "nan(1)". */
static bool decimal_is_spelled(const char *text)
{
	size_t start, end;

	text += *text == '+' || *text == '-';
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

static bool infinity_is_spelled(const char *text)
{
	text += *text == '+' || *text == '-';
	return !strcasecmp(text, "inf") || !strcasecmp(text, "infinity") ||
	       !strcasecmp(text, "nan");
}

/* A plugin may call setlocale, and 1.5 must stay one and a half. The C locale is static. */
static double decimal_value(const char *text)
{
	return strtod_l(text, NULL, newlocale(LC_ALL_MASK, "C", (locale_t)0));
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

bool value_parse_double(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	const char *number = plain_number(trim_unicode(text), arena);

	(void)why;
	if (number == NULL || (!decimal_is_spelled(number) && !infinity_is_spelled(number)))
		return false;
	out->number = decimal_value(number);
	return true;
}

bool value_number_decimal(struct span s, struct arena *arena, double *out)
{
	const char *text = arena_text(arena, s.ptr, s.len);

	if (strlen(text) != s.len || !decimal_is_spelled(text))
		return false;
	*out = decimal_value(text);
	return true;
}
