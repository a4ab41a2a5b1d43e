/*
 * Pairs as the tables write them: "[name][value]". SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_PAIRS_H
#define SOCKLET_TESTS_PAIRS_H

#include "table.h"

#include "wire/url.h"

static inline const char *pairs_describe(
	char *out, size_t size, const struct pair *pairs, size_t count)
{
	char name[1000], value[1000];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, size - len, "[%s][%s]",
			table_escape(name, sizeof(name), pairs[i].name),
			table_escape(value, sizeof(value), pairs[i].value));
	return out;
}

#endif
