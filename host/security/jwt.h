/*
 * Signed tokens: compact JWS (RFC 7515) with claims (RFC 7519). Pure: a token, keys, rules and the
 * time go in, claims or one reason come out. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_JWT_H
#define SOCKLET_SECURITY_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "security/jwt_key.h"
#include "wire/claims.h"

enum { JWT_TOKEN_MAX = 16 * 1024 /* bytes */ };

/* In the order of the checks. ROW(token, what the peer may be told) */
#define JWT_RESULTS(ROW)                                              \
	ROW(JWT_OK, "")                                               \
	ROW(JWT_TOO_LONG, "The token is too long")                    \
	ROW(JWT_BAD_SHAPE, "The token is malformed")                  \
	ROW(JWT_BAD_BASE64, "The token is malformed")                 \
	ROW(JWT_BAD_HEADER, "The token is malformed")                 \
	ROW(JWT_CRITICAL, "The token needs an unknown extension")     \
	ROW(JWT_ALG_REFUSED, "The token's algorithm is not accepted") \
	ROW(JWT_KEY_UNKNOWN, "The token's key is not known")          \
	ROW(JWT_BAD_SIGNATURE, "The token's signature is not valid")  \
	ROW(JWT_BAD_CLAIMS, "The token is malformed")                 \
	ROW(JWT_BAD_TIME, "The token has a time that is no number")   \
	ROW(JWT_EXPIRED, "The token expired")                         \
	ROW(JWT_NOT_YET, "The token is not valid yet")                \
	ROW(JWT_ISSUED_LATER, "The token was issued in the future")   \
	ROW(JWT_WRONG_AUDIENCE, "The token is for another audience")  \
	ROW(JWT_WRONG_ISSUER, "The token is from another issuer")     \
	ROW(JWT_CLAIM_MISSING, "The token lacks a claim")

enum jwt_result {
#define ROW(token, text) token,
	JWT_RESULTS(ROW)
#undef ROW
};

/* Texts end with NUL, lists with NULL; all borrowed. */
struct jwt_rules {
	struct jwt_key *const *keys;
	size_t key_count;
	uint64_t leeway_ms;           /* for clocks that differ */
	const char *const *audiences; /* NULL: none, then a token that names one is refused */
	const char *issuer;           /* NULL: any */
	const char *const *required_claims;
};

struct jwt_token {
	enum jwt_result result;
	const char *public_text; /* of the result, for the peer */
	const char *log_text;    /* with details, but nothing of the token; the arena's */
	/* JWT_OK: */
	struct claims claims; /* the token's own, and `token`, all of it */
	int64_t expires_s;    /* from then on it is not accepted, leeway included; 0: never */
};

/* All in the arena, nothing borrowed from `text`. */
struct jwt_token jwt_check(
	struct span text, const struct jwt_rules *rules, int64_t now_s, struct arena *arena);

#endif
