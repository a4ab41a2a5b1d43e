/*
 * The algorithms of signed tokens (RFC 7518 section 3.1, RFC 8037): what routes.yaml may name and
 * security/ can check. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_JWT_ALG_H
#define SOCKLET_WIRE_JWT_ALG_H

#include <stdbool.h>

#include "base/span.h"

/* ROW(token, name, bytes of its hash; a secret must have as many, RFC 7518 section 3.2) */
#define JWT_ALGS(ROW)               \
	ROW(JWT_HS256, "HS256", 32) \
	ROW(JWT_HS384, "HS384", 48) \
	ROW(JWT_HS512, "HS512", 64) \
	ROW(JWT_RS256, "RS256", 32) \
	ROW(JWT_ES256, "ES256", 32) \
	ROW(JWT_EDDSA, "EdDSA", 64)

enum jwt_alg {
#define ROW(token, name, bytes) token,
	JWT_ALGS(ROW)
#undef ROW
		JWT_ALG_COUNT
};

const char *jwt_alg_name(enum jwt_alg alg);
/* By the letter, upper and lower case as written; false when none has that name. */
bool jwt_alg_find(struct span name, enum jwt_alg *out);

#endif
