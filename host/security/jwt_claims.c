/*
 * jansson parses; what is a text, a number, a truth value or a list of these becomes a claim.
 * Knows no claim by name. Called by jwt.c. SPDX-License-Identifier: MIT
 */
#include "security/jwt_claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *jwt_claims_parse(struct span text)
{
	json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* The shortest text that is read as the same number. */
static struct span real_text(double number, struct arena *arena)
{
	char text[40];
	int precision = 15;

	do
		snprintf(text, sizeof(text), "%.*g", precision, number);
	while (strtod(text, NULL) != number && precision++ < 17);
	return arena_span(arena, span_of(text));
}

static bool is_scalar(const json_t *value)
{
	return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static struct span scalar_text(const json_t *value, struct arena *arena)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return arena_span(
			arena, (struct span){json_string_value(value), json_string_length(value)});
	case JSON_INTEGER:
		return span_of(
			arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	case JSON_REAL:
		return real_text(json_real_value(value), arena);
	default:
		return json_is_true(value) ? SPAN("true") : SPAN("false");
	}
}

static bool is_list_of_scalars(const json_t *value)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(value))
		return false;
	json_array_foreach((json_t *)value, i, item)
	{
		if (!is_scalar(item))
			return false;
	}
	return true;
}

static struct claim list_claim(const char *name, const json_t *list, struct arena *arena)
{
	size_t count = json_array_size(list);
	struct span *texts = arena_alloc(arena, (count + 1) * sizeof(*texts));

	for (size_t i = 0; i < count; i++)
		texts[i] = scalar_text(json_array_get(list, i), arena);
	return (struct claim){name, texts, count, true};
}

static struct claim text_claim(const char *name, struct span text, struct arena *arena)
{
	struct span *copy = arena_alloc(arena, sizeof(*copy));

	*copy = text;
	return (struct claim){name, copy, 1, false};
}

struct claims jwt_claims_collect(
	const json_t *object, const char *extra, struct span text, struct arena *arena)
{
	struct claim *items = arena_alloc(arena, (json_object_size(object) + 1) * sizeof(*items));
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		const char *name = arena_text(arena, key, strlen(key));

		if (strcmp(key, extra) == 0)
			continue;
		if (is_scalar(value))
			items[count++] = text_claim(name, scalar_text(value, arena), arena);
		else if (is_list_of_scalars(value))
			items[count++] = list_claim(name, value, arena);
	}
	items[count++] = text_claim(extra, arena_span(arena, text), arena);
	return (struct claims){items, count};
}
