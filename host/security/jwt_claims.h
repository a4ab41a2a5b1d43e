/*
 * The JSON object of a token as claims. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_JWT_CLAIMS_H
#define SOCKLET_SECURITY_JWT_CLAIMS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/span.h"
#include "wire/claims.h"

/* An object without a key twice, at any depth; else NULL. The caller's to json_decref. */
json_t *jwt_claims_parse(struct span text);
/*
 * All of it in the arena. `extra` with its text is one more claim and replaces one of that name.
 */
struct claims jwt_claims_collect(
	const json_t *object, const char *extra, struct span text, struct arena *arena);

#endif
