/*
 * A client that sends no Accept-Encoding is given nothing that it would have to undo, though it may
 * be: simple ones cannot. Called by call/static_file.c. SPDX-License-Identifier: MIT
 */
#include "wire/http_accept.h"

/* "0.5" as 500; a weight that is none counts as 0: better too much data than unreadable data. */
static unsigned parse_weight(struct span text)
{
	unsigned weight, place = 100;

	if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
		(text.len > 1 && text.ptr[1] != '.'))
		return 0;
	weight = text.ptr[0] == '1' ? 1000 : 0;
	for (size_t i = 2; i < text.len; i++, place /= 10) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return 0;
		weight += place * (unsigned)(text.ptr[i] - '0');
	}
	return weight > 1000 ? 0 : weight;
}

/* Cuts "name;q=0.5" into the name and its weight. */
static unsigned weight_of(struct span item, struct span *name)
{
	struct span rest = item;

	*name = span_trim(span_cut(&rest, ';'));
	while (rest.ptr != NULL) {
		struct span value = span_trim(span_cut(&rest, ';'));
		struct span parameter = span_trim(span_cut(&value, '='));

		if (span_equal_nocase(parameter, SPAN("q")))
			return parse_weight(span_trim(value));
	}
	return 1000;
}

static bool is_coding(struct span name, struct span coding)
{
	return span_equal_nocase(name, coding) ||
	       (span_equal(coding, SPAN("gzip")) && span_equal_nocase(name, SPAN("x-gzip")));
}

unsigned http_accept_coding(const struct http_head *head, struct span coding)
{
	bool is_identity = span_equal(coding, SPAN("identity")), is_named = false;
	unsigned named = 0, others = 0;
	struct span list, name;

	for (size_t n = 0; (list = http_header_get(head, SPAN("accept-encoding"), n)).ptr != NULL;
		n++)
		while (list.ptr != NULL) {
			unsigned weight = weight_of(span_cut(&list, ','), &name);

			if (is_coding(name, coding)) {
				is_named = true;
				named = weight;
			} else if (span_equal(name, SPAN("*"))) {
				others = weight;
			}
		}
	if (is_identity)
		return is_named && named > 0 ? named : 1;
	return is_named ? named : others;
}
