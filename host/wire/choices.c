/*
 * The error is the same for every text that is none of them, so it is made when the set is. Knows
 * no field. Called by inject/item.c. SPDX-License-Identifier: MIT
 */
#include "wire/choices.h"

#include <string.h>

#include "base/buf.h"

struct texts texts_split(const char *joined, struct arena *arena)
{
	struct span rest = span_of(joined == NULL ? "" : joined);
	size_t most = 1, count = 0;
	const char **items;

	if (joined == NULL)
		return (struct texts){NULL, 0};
	for (size_t i = 0; i < rest.len; i++)
		most += rest.ptr[i] == '|';
	items = arena_alloc(arena, most * sizeof(*items));
	while (rest.len > 0 || (rest.ptr != NULL && count > 0)) {
		struct span part = span_cut(&rest, '|');

		items[count++] = arena_text(arena, part.ptr, part.len);
	}
	return (struct texts){items, count};
}

/* As Python writes a text in its messages: the quotes that need no escape. */
static void put_repr(struct buf *out, const char *text)
{
	const char *quote = strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? "\"" : "'";

	buf_printf(out, "%s", quote);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n' || c == '\r' || c == '\t')
			buf_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_printf(out, "%s%c", c == '\\' || c == quote[0] ? "\\" : "", c);
	}
	buf_printf(out, "%s", quote);
}

/* "'red', 'green' or 'blue'" */
static const char *expected(const struct choice *items, size_t count, struct arena *arena)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_printf(&out, i + 1 < count ? ", " : " or ");
		put_repr(&out, items[i].name);
	}
	text = arena_text(arena, out.data == NULL ? "" : out.data, out.len);
	buf_fini(&out);
	return text;
}

struct choices *choices_new(
	const struct choice *items, size_t count, const char *error, struct arena *arena)
{
	struct choices *choices = arena_alloc(arena, sizeof(*choices));
	const char *names = expected(items, count, arena);

	*choices = (struct choices){items, count,
		{.type = error,
			.message = arena_printf(arena, "Input should be %s", names),
			.ctx = {{"expected", names, false}}}};
	return choices;
}

const struct choice *choices_find(const struct choices *choices, struct span name)
{
	for (size_t i = 0; i < choices->count; i++)
		if (span_equal(name, span_of(choices->items[i].name)))
			return &choices->items[i];
	return NULL;
}

const char *choices_name(const struct choices *choices, int32_t value)
{
	for (size_t i = 0; i < choices->count; i++)
		if (choices->items[i].value == value)
			return choices->items[i].name;
	return NULL;
}
