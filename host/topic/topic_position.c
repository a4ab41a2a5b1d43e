/*
 * Letters, digits and '-', so that it goes into a query or a subprotocol as it is; one spelling of
 * each. Called by call/resume.c and call/envelope.c. SPDX-License-Identifier: MIT
 */
#include "topic/topic_position.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ORDER_DIGITS = 16 };

void topic_position_write(char out[TOPIC_POSITION_SIZE], uint64_t order, uint64_t number)
{
	snprintf(out, TOPIC_POSITION_SIZE, "%0*" PRIx64 "-%" PRIu64, ORDER_DIGITS, order, number);
}

bool topic_position_read(struct span text, uint64_t *order, uint64_t *number)
{
	char copy[TOPIC_POSITION_SIZE], same[TOPIC_POSITION_SIZE];

	if (text.len <= ORDER_DIGITS + 1 || text.len >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%.*s", SPAN_ARG(text));
	*order = strtoull(copy, NULL, 16);
	*number = strtoull(copy + ORDER_DIGITS + 1, NULL, 10);
	topic_position_write(same, *order, *number);
	return span_equal(span_of(same), text);
}
