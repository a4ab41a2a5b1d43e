/*
 * Python's unquote and parse_qsl (3.11), which is what the reference stack decodes with. Does not
 * know which parameter is wanted or how it is typed; route/ and inject/ call it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/url.h"

#include <string.h>

#include "base/utf8.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Writes at most encoded.len bytes; returns how many. */
static size_t undo_escapes(char *out, struct span encoded, bool plus_is_blank)
{
	size_t len = 0;

	for (size_t i = 0; i < encoded.len; i++) {
		char c = encoded.ptr[i];
		int high = -1, low = -1;

		if (c == '%' && encoded.len - i > 2) {
			high = hex_digit(encoded.ptr[i + 1]);
			low = hex_digit(encoded.ptr[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		out[len++] = c;
	}
	return len;
}

/*
 * U+FFFD for every longest run that begins a character and cannot go on, as Unicode recommends
 * and Python's errors="replace" does. `out` has room for three bytes per byte of text.
 */
static size_t replace_invalid(char *out, struct span text)
{
	struct utf8 utf8 = {0};
	size_t len = 0, start = 0, i = 0;

	while (i < text.len || start < i) {
		if (i < text.len && utf8_check(&utf8, text.ptr + i, 1)) {
			i++;
			if (!utf8_is_complete(&utf8))
				continue;
			memcpy(out + len, text.ptr + start, i - start);
			len += i - start;
		} else {
			/* The byte that broke a begun character may begin another. */
			i += i == start;
			memcpy(out + len, "\xef\xbf\xbd", 3);
			len += 3;
			utf8 = (struct utf8){0};
		}
		start = i;
	}
	return len;
}

static struct span decode(struct span encoded, struct arena *arena, bool plus_is_blank)
{
	bool has_plus = plus_is_blank && span_find(encoded, '+') < encoded.len;
	char *copy, *repaired;
	struct span text = encoded;

	if (has_plus || span_find(encoded, '%') < encoded.len) {
		copy = arena_alloc(arena, encoded.len + 1);
		text = (struct span){copy, undo_escapes(copy, encoded, plus_is_blank)};
	}
	if (utf8_valid(text))
		return text;
	repaired = arena_alloc(arena, text.len * 3 + 1);
	return (struct span){repaired, replace_invalid(repaired, text)};
}

struct span url_decode_path(struct span encoded, struct arena *arena)
{
	return decode(encoded, arena, false);
}

struct pair *url_decode_query(struct span query, struct arena *arena, size_t *count)
{
	size_t most = 1;
	struct pair *pairs;

	for (size_t i = 0; i < query.len; i++)
		most += query.ptr[i] == '&';
	pairs = arena_alloc(arena, most * sizeof(*pairs));
	*count = 0;
	while (query.ptr != NULL) {
		struct span value = span_cut(&query, '&');
		struct span name;

		if (value.len == 0)
			continue;
		name = span_cut(&value, '=');
		pairs[*count].name = decode(name, arena, true);
		pairs[*count].value = decode(value, arena, true);
		++*count;
	}
	return pairs;
}
