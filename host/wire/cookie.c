/*
 * Starlette's cookie_parser with Python's http.cookies._unquote (3.11): lenient, as browsers and
 * servers are with each other. Knows no attributes, those only go the other way; call/ calls it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/cookie.h"

/*
 * What Python's strip() takes off a Latin-1 text. Of its other blanks a header value can hold
 * none.
 */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\x85' || c == '\xa0';
}

static struct span strip(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = span_from(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static bool is_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
	       digits[2] >= '0' && digits[2] <= '7';
}

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' || (s.ptr[i] & '\x80') != 0)
			return false;
	}
	return true;
}

/* A Latin-1 character as UTF-8; returns its size. */
static size_t put_character(char *out, unsigned character)
{
	if (character < 0x80) {
		out[0] = (char)character;
		return 1;
	}
	out[0] = (char)(0xc0 | character >> 6);
	out[1] = (char)(0x80 | (character & 0x3f));
	return 2;
}

/* Undoes backslashes when `quoted`; borrowed as it is when there is nothing to change. */
static struct span decode(struct span s, bool quoted, struct arena *arena)
{
	char *copy;
	size_t len = 0;

	if (is_plain(s))
		return s;
	copy = arena_alloc(arena, s.len * 2 + 1);
	for (size_t i = 0; i < s.len; i++) {
		unsigned character = (unsigned char)s.ptr[i];

		if (quoted && character == '\\' && s.len - i > 3 && is_octal(s.ptr + i + 1)) {
			character = (unsigned)((s.ptr[i + 1] - '0') << 6 |
					       (s.ptr[i + 2] - '0') << 3 | (s.ptr[i + 3] - '0'));
			i += 3;
		} else if (quoted && character == '\\' && s.len - i > 1) {
			character = (unsigned char)s.ptr[++i];
		}
		len += put_character(copy + len, character);
	}
	return (struct span){copy, len};
}

static struct span unquote(struct span value, struct arena *arena)
{
	if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"')
		return decode(value, false, arena);
	return decode((struct span){value.ptr + 1, value.len - 2}, true, arena);
}

static size_t count_parts(const struct http_head *head)
{
	struct span line;
	size_t parts = 0;

	for (size_t n = 0; (line = http_header_get(head, SPAN("cookie"), n)).ptr != NULL; n++) {
		while (line.ptr != NULL) {
			span_cut(&line, ';');
			parts++;
		}
	}
	return parts;
}

struct pair *cookie_decode(const struct http_head *head, struct arena *arena, size_t *count)
{
	size_t most = count_parts(head);
	struct span line, name, value;
	struct pair *pairs;

	*count = 0;
	if (most == 0)
		return NULL;
	pairs = arena_alloc(arena, most * sizeof(*pairs));
	for (size_t n = 0; (line = http_header_get(head, SPAN("cookie"), n)).ptr != NULL; n++) {
		while (line.ptr != NULL) {
			value = span_cut(&line, ';');
			name = (struct span){value.ptr, 0};
			if (span_find(value, '=') < value.len)
				name = span_cut(&value, '=');
			name = strip(name);
			value = strip(value);
			if (name.len == 0 && value.len == 0)
				continue;
			pairs[*count].name = decode(name, false, arena);
			pairs[*count].value = unquote(value, arena);
			++*count;
		}
	}
	return pairs;
}
