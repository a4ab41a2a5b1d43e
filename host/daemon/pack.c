/*
 * A number is eight bytes as the machine has them, a text its length and its bytes. Knows nothing
 * of messages; called by who builds and reads them. SPDX-License-Identifier: MIT
 */
#include "daemon/pack.h"

#include <string.h>

void pack_number(struct buf *out, uint64_t number)
{
	buf_append(out, &number, sizeof(number));
}

void pack_span(struct buf *out, struct span text)
{
	pack_number(out, text.len);
	buf_append_span(out, text);
}

void pack_text(struct buf *out, const char *text)
{
	pack_span(out, span_of(text));
}

void pack_complaints(struct buf *out, const struct err_list *why)
{
	pack_number(out, why->count);
	for (size_t i = 0; i < why->count; i++) {
		const struct complaint *item = &why->items[i];

		pack_text(out, item->place.file == NULL ? "" : item->place.file);
		pack_number(out, item->place.line);
		pack_number(out, item->place.column);
		pack_text(out, item->text);
	}
	pack_number(out, why->dropped);
}

bool pack_take_number(struct span *in, uint64_t *out)
{
	*out = 0;
	if (in->len < sizeof(*out))
		return false;
	memcpy(out, in->ptr, sizeof(*out));
	*in = span_from(*in, sizeof(*out));
	return true;
}

bool pack_take_span(struct span *in, struct span *out)
{
	uint64_t len;

	*out = (struct span){0};
	if (!pack_take_number(in, &len) || len > in->len)
		return false;
	*out = (struct span){in->ptr, (size_t)len};
	*in = span_from(*in, (size_t)len);
	return true;
}

const char *pack_take_text(struct span *in, struct arena *arena)
{
	struct span text;

	return pack_take_span(in, &text) ? arena_text(arena, text.ptr, text.len) : NULL;
}

static bool unpack_complaint(struct span *in, struct err_list *why)
{
	struct arena arena = {0};
	const char *file = pack_take_text(in, &arena), *text;
	uint64_t line, column;
	bool is_whole = pack_take_number(in, &line) && pack_take_number(in, &column) &&
			(text = pack_take_text(in, &arena)) != NULL && file != NULL;

	if (is_whole)
		err_list_add(why,
			(struct place){
				file[0] == '\0' ? NULL : file, (unsigned)line, (unsigned)column},
			"%s", text);
	arena_fini(&arena);
	return is_whole;
}

bool pack_take_complaints(struct span *in, struct err_list *why)
{
	uint64_t count, dropped;

	if (!pack_take_number(in, &count))
		return false;
	while (count-- > 0)
		if (!unpack_complaint(in, why))
			return false;
	if (!pack_take_number(in, &dropped))
		return false;
	why->dropped += (size_t)dropped;
	return true;
}
