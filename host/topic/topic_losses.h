/*
 * How many messages of which topics were lost, until somebody can be told. Bounded: of topics
 * beyond TOPIC_LOSSES_MAX only the sum is known. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_LOSSES_H
#define SOCKLET_TOPIC_TOPIC_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum { TOPIC_LOSSES_MAX = 256 };

struct topic_loss {
	char *topic; /* "": messages of any topic */
	uint64_t count;
};

/* Zero it; then topic_losses_fini. */
struct topic_losses {
	struct topic_loss *items;
	size_t count;
	uint64_t others; /* of topics that had no room */
	bool has_others;
};

void topic_losses_fini(struct topic_losses *losses);
/* An empty topic: of any. A count of 0: nobody knows how many. */
void topic_losses_add(struct topic_losses *losses, struct span topic, uint64_t count);
bool topic_losses_is_empty(const struct topic_losses *losses);
/* Takes one off; its text is the caller's to free. False: there is none. */
bool topic_losses_take(struct topic_losses *losses, struct topic_loss *out);

#endif
