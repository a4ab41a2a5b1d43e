/*
 * Text to typed value: the one place that knows how a number, a truth value, a size or a time is
 * spelled. routes.yaml keys, plugin options and path, query, header and cookie parameters all go
 * through it; the texts are those of FastAPI (pydantic 2). SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_VALUE_H
#define SOCKLET_WIRE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/* Up to VALUE_ENUM in the order of socklet.h's SL_TYPE_…: inject/member.c counts on it. */
enum value_type {
	VALUE_TEXT,   /* const char *, ends with NUL; text that holds a NUL is refused */
	VALUE_STR,    /* struct span */
	VALUE_INT,    /* int64_t: blanks around, sign, 1_0 and 5.0 are fine; overflow is an error */
	VALUE_DOUBLE, /* double: also 1e3, nan, inf */
	VALUE_BOOL,   /* bool: 1 0 true false on off yes no t f y n, any case */
	VALUE_UINT,   /* uint64_t: int's spellings; below 0 is "greater_than_equal" */
	VALUE_UUID,   /* struct value_uuid: 32 hex digits; with dashes also {} or urn:uuid: */
	VALUE_DATETIME,  /* struct value_datetime: ISO 8601, a date alone, or Unix time (UTC) */
	VALUE_DATE,      /* struct value_date: the same texts, if that is midnight */
	VALUE_TIME,      /* struct value_time: 12:30, 12:30:15.5, perhaps with Z or +01:00 */
	VALUE_TIMEDELTA, /* int64_t microseconds: P1DT2H, 1 day, 02:00:00, -01:30; no bare number */
	VALUE_ENUM,      /* int32_t: one of the choices of its field, so choices.h reads it */
	VALUE_SIZE,      /* uint64_t bytes: 512, 64KiB, 1MiB, 1GiB, 10KB; unit in any case */
	VALUE_DURATION,  /* uint64_t milliseconds: 250ms, 5s, 1m30s, 1h, 1d; only 0 needs no unit */
	VALUE_TYPE_COUNT
};

/*
 * uint to timedelta answer every text as pydantic 2.13 does, and were compared with it, except:
 * - uint ends at 64 bits ("int_parsing_size"), timedelta at 64 bits of microseconds, which is
 *   106751991 days ("a numeric value in the duration is too large"; pydantic: 999999999 days);
 * - uint does not take "0-1" for a number;
 * - timedelta refuses what follows a sixth digit of a second and is none: pydantic cuts it off;
 * - Unix milliseconds with a fraction and beyond 2e13 (the year 2603) mean what they say: pydantic
 *   divides them by 1000 twice; and of 1.0e400 we say that it lies after 9999;
 * - in the message about a character of an uuid, NUL is written "\0" and what is no UTF-8 U+FFFD.
 */

/*
 * int32_t throughout, so that a plugin's struct of the same members has the same layout, without
 * padding. The calendar is the proleptic Gregorian one, years 1 to 9999.
 */
struct value_uuid {
	uint8_t bytes[16]; /* in the order in which they are written */
};

struct value_date {
	int32_t year, month, day; /* from 1 */
};

struct value_time {
	int32_t hour, minute, second, microsecond;
	int32_t has_offset; /* 0 or 1; 0: local to whoever sent it */
	int32_t offset_s;   /* seconds east of UTC, less than a day either way */
};

struct value_datetime {
	int32_t year, month, day;
	int32_t hour, minute, second, microsecond;
	int32_t has_offset, offset_s; /* as in struct value_time */
};

union value {
	const char *text;
	struct span str;
	int64_t integer;
	double number;
	bool truth;
	uint64_t size, duration_ms, uinteger;
	struct value_uuid uuid;
	struct value_datetime datetime;
	struct value_date date;
	struct value_time time;
	int64_t timedelta_us;
	int32_t enumerator;
};

enum { VALUE_CTX_MAX = 3 };

/* "error":"input is too short", "ge":0 */
struct value_ctx {
	const char *name;  /* NULL: there are no more */
	const char *value; /* as text */
	bool is_number;    /* JSON shows the value bare, not as a string */
};

/*
 * FastAPI's error type ("int_parsing"), message and ctx. All texts are static or in the arena that
 * the value was parsed into.
 */
struct value_error {
	const char *type, *message;
	struct value_ctx ctx[VALUE_CTX_MAX];
};

/* False fills `why`; texts kept in the value are copied into the arena. */
bool value_parse(enum value_type type, struct span text, struct arena *arena, union value *out,
	struct value_error *why);
/* Bytes the value takes where `value_store` puts it: sizeof(const char *), sizeof(int64_t), … */
size_t value_size(enum value_type type);
void value_store(enum value_type type, const union value *value, void *where);
/*
 * "int", "size": as routes.yaml and messages name it, FastAPI's words. VALUE_TEXT and VALUE_STR
 * are both "str": the difference is the plugin's, not the author's of routes.yaml. So compare
 * what a route expects with what a plugin has by name.
 */
const char *value_type_name(enum value_type type);
/* Of a member in one of its forms: "int", "int?", "int list", "int list?". */
const char *value_form_name(enum value_type type, bool is_list, bool is_optional);
/* False when no type has that name; "str" finds VALUE_STR. */
bool value_type_find(struct span name, enum value_type *out);

#endif
