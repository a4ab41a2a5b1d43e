/*
 * One range is answered by 206. Of several the whole is sent, which RFC 9110 section 14.2 allows:
 * who asks for pieces of a file by hundreds has an attack in mind more often than a document.
 * Called by call/static_file.c. SPDX-License-Identifier: MIT
 */
#include "wire/http_range.h"

/* Digits only; too large a number is the largest. False: there are none, or something else. */
static bool parse_number(struct span text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		if (*out > (UINT64_MAX - digit) / 10)
			*out = UINT64_MAX;
		else
			*out = *out * 10 + digit;
	}
	return text.len > 0;
}

/* "-500": the last so many bytes. */
static enum http_range find_suffix(struct span text, uint64_t size, uint64_t *first, uint64_t *len)
{
	if (!parse_number(text, len))
		return HTTP_RANGE_WHOLE;
	if (*len == 0 || size == 0)
		return HTTP_RANGE_OUTSIDE;
	if (*len > size)
		*len = size;
	*first = size - *len;
	return HTTP_RANGE_PART;
}

static enum http_range find_range(struct span text, uint64_t size, uint64_t *first, uint64_t *len)
{
	struct span last_text = text, first_text = span_cut(&last_text, '-');
	uint64_t last = UINT64_MAX;

	if (last_text.ptr == NULL)
		return HTTP_RANGE_WHOLE;
	if (first_text.len == 0)
		return find_suffix(last_text, size, first, len);
	if (!parse_number(first_text, first) ||
		(last_text.len > 0 && !parse_number(last_text, &last)) || *first > last)
		return HTTP_RANGE_WHOLE;
	if (*first >= size)
		return HTTP_RANGE_OUTSIDE;
	if (last >= size)
		last = size - 1;
	*len = last - *first + 1;
	return HTTP_RANGE_PART;
}

enum http_range http_range_find(
	const struct http_head *head, uint64_t size, uint64_t *first, uint64_t *len)
{
	struct span text = http_header_get(head, SPAN("range"), 0);
	struct span unit = span_cut(&text, '=');
	uint64_t from = 0, count = 0;
	enum http_range found;

	if (text.ptr == NULL || !span_equal_nocase(unit, SPAN("bytes")) ||
		span_find(text, ',') < text.len ||
		http_header_get(head, SPAN("range"), 1).ptr != NULL)
		return HTTP_RANGE_WHOLE;
	found = find_range(span_trim(text), size, &from, &count);
	if (found == HTTP_RANGE_PART) {
		*first = from;
		*len = count;
	}
	return found;
}
