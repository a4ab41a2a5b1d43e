/*
 * Comparing and cutting spans. Knows no protocol; every layer calls it.
 * SPDX-License-Identifier: MIT
 */
#include "base/span.h"

#include <string.h>
#include <strings.h>

struct span span_of(const char *text)
{
	return (struct span){text, text == NULL ? 0 : strlen(text)};
}

struct span span_from(struct span s, size_t offset)
{
	if (offset >= s.len)
		return (struct span){s.ptr == NULL ? NULL : s.ptr + s.len, 0};
	return (struct span){s.ptr + offset, s.len - offset};
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool span_equal_nocase(struct span a, struct span b)
{
	/* The host never calls setlocale, so strncasecmp folds ASCII only. */
	return a.len == b.len && (a.len == 0 || (((a.ptr[0] ^ b.ptr[0]) & ~0x20) == 0 &&
							strncasecmp(a.ptr, b.ptr, a.len) == 0));
}

bool span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal((struct span){s.ptr, prefix.len}, prefix);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t span_find(struct span s, char c)
{
	const char *hit = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return hit == NULL ? s.len : (size_t)(hit - s.ptr);
}

struct span span_cut(struct span *rest, char separator)
{
	struct span all = *rest;
	size_t at = span_find(all, separator);

	if (at == all.len)
		*rest = (struct span){NULL, 0};
	else
		*rest = (struct span){all.ptr + at + 1, all.len - at - 1};
	return (struct span){all.ptr, at};
}
