/*
 * Names without wildcards in a tree of the C library, filters with wildcards in a list. Pure: knows
 * no connection. Called by postgres.c and pg_inbox.c. SPDX-License-Identifier: MIT
 */
#include "pg_filters.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct pg_filter {
	struct pg_filter *next;
	struct sl_str name;
	char bytes[];
};

static int compare(const void *one, const void *other)
{
	const struct sl_str *a = &((const struct pg_filter *)one)->name;
	const struct sl_str *b = &((const struct pg_filter *)other)->name;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->ptr, b->ptr, a->len);
}

static bool has_wildcard(struct sl_str name)
{
	return memchr(name.ptr, '+', name.len) != NULL || memchr(name.ptr, '#', name.len) != NULL;
}

static struct pg_filter *filter_new(struct sl_str name)
{
	struct pg_filter *filter = malloc(sizeof(*filter) + name.len);

	if (filter == NULL)
		abort();
	filter->next = NULL;
	filter->name = (struct sl_str){filter->bytes, name.len};
	memcpy(filter->bytes, name.ptr, name.len);
	return filter;
}

static struct pg_filter **find_wildcard(struct pg_filters *filters, const struct pg_filter *like)
{
	struct pg_filter **at = &filters->wildcards;

	while (*at != NULL && compare(*at, like) != 0)
		at = &(*at)->next;
	return at;
}

void pg_filters_add(struct pg_filters *filters, struct sl_str name)
{
	struct pg_filter *filter = filter_new(name);

	if (has_wildcard(name)) {
		filter->next = filters->wildcards;
		filters->wildcards = filter;
	} else if (*(struct pg_filter **)tsearch(filter, &filters->exact, compare) != filter) {
		free(filter);
	}
}

void pg_filters_remove(struct pg_filters *filters, struct sl_str name)
{
	const struct pg_filter like = {.name = name};
	struct pg_filter **wildcard, *found;
	void *node;

	if (has_wildcard(name)) {
		wildcard = find_wildcard(filters, &like);
		found = *wildcard;
		if (found != NULL)
			*wildcard = found->next;
	} else {
		node = tfind(&like, &filters->exact, compare);
		found = node != NULL ? *(struct pg_filter **)node : NULL;
		if (found != NULL)
			tdelete(&like, &filters->exact, compare);
	}
	free(found);
}

void pg_filters_clear(struct pg_filters *filters)
{
	struct pg_filter *filter;

	tdestroy(filters->exact, free);
	while ((filter = filters->wildcards) != NULL) {
		filters->wildcards = filter->next;
		free(filter);
	}
	*filters = (struct pg_filters){0};
}

/* Cuts the first level off; false behind the last. */
static bool cut_level(struct sl_str *rest, struct sl_str *level)
{
	const char *slash;

	if (rest->ptr == NULL)
		return false;
	slash = memchr(rest->ptr, '/', rest->len);
	*level = (struct sl_str){
		rest->ptr, slash != NULL ? (size_t)(slash - rest->ptr) : rest->len};
	*rest = slash != NULL ? (struct sl_str){slash + 1, rest->len - level->len - 1}
			      : (struct sl_str){NULL, 0};
	return true;
}

static bool is_level(struct sl_str level, char sign)
{
	return level.len == 1 && level.ptr[0] == sign;
}

static bool wildcard_matches(struct sl_str filter, struct sl_str topic)
{
	struct sl_str wanted, is;

	while (cut_level(&filter, &wanted)) {
		if (is_level(wanted, '#'))
			return true;
		if (!cut_level(&topic, &is))
			return false;
		if (!is_level(wanted, '+') &&
			(wanted.len != is.len || memcmp(wanted.ptr, is.ptr, is.len) != 0))
			return false;
	}
	return topic.ptr == NULL;
}

bool pg_filters_match(const struct pg_filters *filters, struct sl_str topic)
{
	const struct pg_filter like = {.name = topic};
	const struct pg_filter *filter = filters->wildcards;

	if (filters->takes_all || tfind(&like, &filters->exact, compare) != NULL)
		return true;
	while (filter != NULL && !wildcard_matches(filter->name, topic))
		filter = filter->next;
	return filter != NULL;
}
