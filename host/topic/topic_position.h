/*
 * A place in the order of kept messages as text for a client: whose order, and the number of the
 * last message seen: "5f0c2a917be3d864-42". SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_POSITION_H
#define SOCKLET_TOPIC_TOPIC_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { TOPIC_POSITION_SIZE = 40 }; /* with its NUL */

void topic_position_write(char out[TOPIC_POSITION_SIZE], uint64_t order, uint64_t number);
/* False: it is none. */
bool topic_position_read(struct span text, uint64_t *order, uint64_t *number);

#endif
