/*
 * Looking a claim up. Knows no token; security/ and whoever injects claims call it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/claims.h"

#include <string.h>

const struct claim *claims_find(const struct claims *claims, const char *name)
{
	for (size_t i = 0; i < claims->count; i++)
		if (strcmp(claims->items[i].name, name) == 0)
			return &claims->items[i];
	return NULL;
}
