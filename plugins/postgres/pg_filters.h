/*
 * Which topics this worker wants. PostgreSQL's channels know no wildcards, so that all messages
 * come by one channel, and who has no subscriber here is passed over before its data are fetched.
 * SPDX-License-Identifier: MIT
 */
#ifndef PG_FILTERS_H
#define PG_FILTERS_H

#include <socklet.h>

struct pg_filter;

/* Zero it; pg_filters_clear at the end. */
struct pg_filters {
	void *exact;                 /* a tree of names */
	struct pg_filter *wildcards; /* a list */
	bool takes_all;              /* until it is known what is wanted */
};

void pg_filters_add(struct pg_filters *filters, struct sl_str filter);
void pg_filters_remove(struct pg_filters *filters, struct sl_str filter);
void pg_filters_clear(struct pg_filters *filters);
bool pg_filters_match(const struct pg_filters *filters, struct sl_str topic);

#endif
