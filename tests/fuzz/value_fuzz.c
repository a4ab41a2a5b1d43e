/*
 * Any text of any type: a value or an error with its texts, nothing else. What was accepted as a
 * number is accepted again as it is written out. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An integer reads back as itself. */
static void check_int(int64_t number)
{
	struct arena arena = {0};
	struct value_error why;
	union value again;
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	if (!value_parse(VALUE_INT, span_of(text), &arena, &again, &why) || again.integer != number)
		abort();
	/* And as a float it is no error either. */
	if (!value_parse(VALUE_DOUBLE, span_of(text), &arena, &again, &why))
		abort();
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int type = 0; type < VALUE_TYPE_COUNT; type++) {
		struct arena arena = {0};
		struct value_error why = {0};
		union value value;
		unsigned char stored[sizeof(value)];

		if (!value_parse((enum value_type)type, (struct span){(const char *)data, size},
			    &arena, &value, &why)) {
			if (why.type == NULL || why.message == NULL || type == VALUE_STR)
				abort();
		} else {
			value_store((enum value_type)type, &value, stored);
			if (type == VALUE_TEXT && strlen(value.text) != size)
				abort();
			if (type == VALUE_INT)
				check_int(value.integer);
		}
		arena_fini(&arena);
	}
	return 0;
}
