/*
 * How topics and filters are spelled: levels with '/' between them. What is published has a name;
 * what is subscribed to is a filter, in which a level '+' stands for any one level and '#', as the
 * last, for the rest, none included. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_NAME_H
#define SOCKLET_TOPIC_TOPIC_NAME_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum {
	TOPIC_NAME_MAX = 255,  /* bytes */
	TOPIC_LEVELS_MAX = 10, /* a walk looks at up to 2 to this power of filters */
};

/* False fills `why`. */
bool topic_name_check(struct span name, struct err *why);
bool topic_filter_check(struct span filter, struct err *why);
/* Whether it holds a wildcard; of a filter that was checked. */
bool topic_filter_is_wild(struct span filter);
/* Begins with '$': what the host publishes; a wildcard as the first level is not for it. */
bool topic_name_is_reserved(struct span name);
/*
 * Below "$presence" and "$socklet": the host alone publishes there, and nobody carries it to other
 * hosts; of a name or a filter.
 */
bool topic_name_is_of_host(struct span name);
/* Below "$socklet": what hosts say to each other, which no member hears. */
bool topic_name_is_hidden(struct span name);
/* Whether a message published to `name` is for who subscribed to `filter`; both checked. */
bool topic_filter_matches(struct span filter, struct span name);
/* Whether `rule` matches whatever `filter` matches; both checked. */
bool topic_filter_covers(struct span rule, struct span filter);

#endif
