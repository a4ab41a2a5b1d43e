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

enum value_type {
	VALUE_TEXT,   /* const char *, ends with NUL; text that holds a NUL is refused */
	VALUE_STR,    /* struct span */
	VALUE_INT,    /* int64_t: blanks around, sign, 1_0 and 5.0 are fine; overflow is an error */
	VALUE_DOUBLE, /* double: also 1e3, nan, inf */
	VALUE_BOOL,   /* bool: 1 0 true false on off yes no t f y n, any case */
	VALUE_SIZE,   /* uint64_t bytes: 512, 64KiB, 1MiB, 1GiB, 10KB; unit in any case */
	VALUE_DURATION, /* uint64_t milliseconds: 250ms, 5s, 1m30s, 1h, 1d; only 0 needs no unit */
	VALUE_TYPE_COUNT
};

union value {
	const char *text;
	struct span str;
	int64_t integer;
	double number;
	bool truth;
	uint64_t size, duration_ms;
};

/* Both are static texts: FastAPI's error type ("int_parsing") and message. */
struct value_error {
	const char *type, *message;
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
/* False when no type has that name; "str" finds VALUE_STR. */
bool value_type_find(struct span name, enum value_type *out);

#endif
