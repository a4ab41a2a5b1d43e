/*
 * UUIDs as pydantic 2 takes them: 32 hex digits, or 36 with dashes and then perhaps in braces or
 * behind urn:uuid:. Half of this file says what is wrong with the others.
 * SPDX-License-Identifier: MIT
 */
#include "base/utf8.h"
#include "wire/value_parse.h"

#define GROUPS 5

/* Where a group starts and how many digits it has, in the text without braces or prefix. */
static const struct {
	size_t start, len;
} groups[GROUPS] = {{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}};

/* What stands around the digits is cut off. */
struct body {
	struct span text;
	size_t offset;    /* of the text in the whole */
	bool has_wrapper; /* braces or prefix: then dashes are needed */
};

static struct body body_of(struct span s)
{
	struct span prefix = SPAN("urn:uuid:");

	if (s.len >= 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}')
		return (struct body){{s.ptr + 1, s.len - 2}, 1, true};
	if (span_starts(s, prefix))
		return (struct body){span_from(s, prefix.len), prefix.len, true};
	return (struct body){s, 0, false};
}

/* -1: no hex digit. */
static int hex_value(char c)
{
	if (value_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_bytes(struct span s, uint8_t *out)
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		int high = hex_value(s.ptr[i]), low = hex_value(s.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_groups(struct span s, uint8_t *out)
{
	for (size_t i = 0; i < GROUPS; i++) {
		struct span group = {s.ptr + groups[i].start, groups[i].len};

		if ((i > 0 && group.ptr[-1] != '-') || !read_bytes(group, out))
			return false;
		out += group.len / 2;
	}
	return true;
}

/* ---- what is wrong --------------------------------------------------------------------------- */

/* The character at the start of `s`, as it can be shown: nothing that ends or spoils the text. */
static struct span shown_character(struct span s)
{
	if (s.ptr[0] == '\0')
		return SPAN("\\0");
	for (size_t len = 1; len <= 4 && len <= s.len; len++)
		if (utf8_valid((struct span){s.ptr, len}))
			return (struct span){s.ptr, len};
	return SPAN("\xef\xbf\xbd");
}

/* The first group whose length is wrong. */
static const char *explain_groups(struct span text, const struct body *body, struct arena *arena)
{
	struct span rest = body->text;
	size_t i = 0, len = span_cut(&rest, '-').len;

	while (i < GROUPS - 1 && len == groups[i].len) {
		len = span_cut(&rest, '-').len;
		i++;
	}
	/* pydantic counts braces and prefix to the last group. */
	if (i == GROUPS - 1)
		len = text.len - groups[i].start;
	return arena_printf(arena, "invalid group length in group %zu: expected %zu, found %zu", i,
		groups[i].len, len);
}

static const char *explain(struct span text, const struct body *body, struct arena *arena)
{
	/* pydantic counts from the first digit on when there are as many characters as wanted. */
	size_t offset = body->text.len == 36 ? 0 : body->offset, dashes = 0;

	for (size_t i = 0; i < body->text.len; i++) {
		struct span shown;

		if (body->text.ptr[i] == '-') {
			dashes++;
		} else if (hex_value(body->text.ptr[i]) < 0) {
			shown = shown_character(span_from(body->text, i));
			return arena_printf(arena, "invalid character: found `%.*s` at %zu",
				SPAN_ARG(shown), offset + i + 1);
		}
	}
	if (dashes == 0 && !body->has_wrapper)
		return arena_printf(arena,
			"invalid length: expected length 32 for simple format, found %zu",
			text.len);
	if (dashes != GROUPS - 1)
		return arena_printf(
			arena, "invalid group count: expected 5, found %zu", dashes + 1);
	return explain_groups(text, body, arena);
}

bool value_parse_uuid(
	struct span text, struct arena *arena, union value *out, struct value_error *why)
{
	struct body body = body_of(text);

	if (!body.has_wrapper && text.len == 32 && read_bytes(text, out->uuid.bytes))
		return true;
	if (body.text.len == 36 && read_groups(body.text, out->uuid.bytes))
		return true;
	return value_refuse(why, arena, "uuid_parsing", why->message, explain(text, &body, arena));
}
