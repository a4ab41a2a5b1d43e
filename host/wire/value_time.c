/*
 * Time of day with its offset from UTC, as pydantic 2 reads it: ISO 8601 with colons. Knows no
 * date; value_calendar.c and value_timedelta.c use its pieces. SPDX-License-Identifier: MIT
 */
#include "wire/value_parse.h"

/* Cuts digits off; those behind the sixth count for nothing. */
static const char *cut_fraction(struct span *s, int32_t *microsecond)
{
	int32_t unit = 100000;
	size_t i = 0;

	for (; i < s->len && value_is_digit(s->ptr[i]); i++, unit /= 10)
		*microsecond += (s->ptr[i] - '0') * unit;
	*s = span_from(*s, i);
	return i == 0 ? "second fraction digits missing after `.`" : NULL;
}

static const char *cut_seconds(struct span *s, struct value_time *out)
{
	if (!value_two_digits(*s, &out->second))
		return "invalid character in second";
	if (out->second > 59)
		return "second value is outside expected range of 0-59";
	*s = span_from(*s, 2);
	if (s->len == 0 || (s->ptr[0] != '.' && s->ptr[0] != ','))
		return NULL;
	*s = span_from(*s, 1);
	return cut_fraction(s, &out->microsecond);
}

const char *value_time_cut_minutes(struct span *s, struct value_time *out)
{
	if (!value_two_digits(*s, &out->minute))
		return "invalid character in minute";
	if (out->hour > 23)
		return "hour value is outside expected range of 0-23";
	if (out->minute > 59)
		return "minute value is outside expected range of 0-59";
	*s = span_from(*s, 2);
	if (s->len == 0 || s->ptr[0] != ':')
		return NULL;
	*s = span_from(*s, 1);
	return cut_seconds(s, out);
}

/* Cuts the sign off, also U+2212, which ISO 8601 prefers; 0: there is none. */
static int32_t cut_sign(struct span *s)
{
	struct span minus = SPAN("\xe2\x88\x92");
	int32_t sign = s->ptr[0] == '+' ? 1 : s->ptr[0] == '-' ? -1 : 0;

	if (sign != 0) {
		*s = span_from(*s, 1);
		return sign;
	}
	if (!span_starts(*s, minus))
		return 0;
	*s = span_from(*s, minus.len);
	return -1;
}

/* Cuts +HH:MM or +HHMM off. */
static const char *cut_offset(struct span *s, struct value_time *out)
{
	int32_t sign = cut_sign(s), hours, minutes;

	if (sign == 0)
		return "invalid timezone sign";
	if (!value_two_digits(*s, &hours))
		return "invalid timezone hour";
	*s = span_from(*s, 2);
	if (s->len > 0 && s->ptr[0] == ':')
		*s = span_from(*s, 1);
	if (!value_two_digits(*s, &minutes))
		return "invalid timezone minute";
	*s = span_from(*s, 2);
	if (minutes > 59)
		return "timezone minute value is outside expected range of 0-59";
	if (hours > 23)
		return "timezone offset must be less than 24 hours";
	out->has_offset = 1;
	out->offset_s = sign * (hours * 3600 + minutes * 60);
	return NULL;
}

static const char *cut_zone(struct span *s, struct value_time *out)
{
	if (s->ptr[0] != 'Z' && s->ptr[0] != 'z')
		return cut_offset(s, out);
	*s = span_from(*s, 1);
	out->has_offset = 1;
	return NULL;
}

const char *value_time_read(struct span s, struct value_time *out)
{
	const char *wrong;

	*out = (struct value_time){0};
	if (s.len < 5)
		return VALUE_TOO_SHORT;
	if (!value_two_digits(s, &out->hour))
		return "invalid character in hour";
	if (s.ptr[2] != ':')
		return "invalid time separator, expected `:`";
	s = span_from(s, 3);
	wrong = value_time_cut_minutes(&s, out);
	if (wrong == NULL && s.len > 0)
		wrong = cut_zone(&s, out);
	if (wrong == NULL && s.len > 0)
		wrong = VALUE_EXTRA;
	return wrong;
}

bool value_parse_time(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	const char *wrong = value_time_read(text, &out->time);

	return wrong == NULL || value_refuse(why, arena, "time_parsing", why->message, wrong);
}
