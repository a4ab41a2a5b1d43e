/*
 * What the files value*.c share: each reads the texts of a few types, value.c has the row of each.
 * For nobody else: the rest of the host calls value_parse. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_VALUE_PARSE_H
#define SOCKLET_WIRE_VALUE_PARSE_H

#include "wire/value.h"

/* False leaves the error of value.c's row standing, unless the parser chose a better one. */
typedef bool value_parser(
	struct span text, struct arena *arena, union value *out, struct value_error *why);

value_parser value_parse_int, value_parse_uint, value_parse_double;
value_parser value_parse_uuid;
value_parser value_parse_datetime, value_parse_date;
value_parser value_parse_time;
value_parser value_parse_timedelta;

/* "message, detail" with the detail as ctx's "error". Always false, so that it can be returned. */
bool value_refuse(struct value_error *why, struct arena *arena, const char *type,
	const char *message, const char *detail);

/* 1.5, -.5, 2.e3: no blanks, no "_", no inf. */
bool value_number_decimal(struct span s, struct arena *arena, double *out);

/*
 * The functions below return NULL, or what is wrong in pydantic's words (a static text).
 */
#define VALUE_TOO_SHORT "input is too short"
#define VALUE_EXTRA     "unexpected extra characters at the end of the input"

/* HH:MM, perhaps :SS, .ffffff and an offset: all of `s`. */
const char *value_time_read(struct span s, struct value_time *out);
/*
 * Cuts "MM", perhaps ":SS" and ".ffffff" off. The hour is in `out` already, so that it can be
 * complained of in pydantic's order: after a minute that is no number, before one above 59.
 */
const char *value_time_cut_minutes(struct span *s, struct value_time *out);

static inline bool value_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The two digits that `s` starts with; false when it does not. */
static inline bool value_two_digits(struct span s, int32_t *out)
{
	if (s.len < 2 || !value_is_digit(s.ptr[0]) || !value_is_digit(s.ptr[1]))
		return false;
	*out = (s.ptr[0] - '0') * 10 + (s.ptr[1] - '0');
	return true;
}

#endif
