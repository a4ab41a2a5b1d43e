/*
 * Keys of signed tokens. A key knows which algorithms it serves, so that no token can choose to
 * have a public key taken for a secret. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_JWT_KEY_H
#define SOCKLET_SECURITY_JWT_KEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "wire/jwt_alg.h"

enum { JWT_RSA_BITS_MIN = 2048 }; /* RFC 7518 section 3.3 */

struct jwt_key;

/*
 * A PEM public key or certificate, or else the bytes of a secret for HMAC. `algs` holds 1 << alg
 * for each algorithm that is allowed; the key has to serve one of them, and a secret has to be long
 * enough for each HMAC among them. kid is copied, NULL is none. NULL fills `why`, without the key.
 */
struct jwt_key *jwt_key_new(struct span bytes, const char *kid, unsigned algs, struct err *why);
void jwt_key_free(struct jwt_key *key);

bool jwt_key_serves(const struct jwt_key *key, enum jwt_alg alg);
/* Whether a token of this kid (ptr NULL: it names none) may be checked with the key. */
bool jwt_key_takes_kid(const struct jwt_key *key, struct span kid);
/* False for a signature of another size, too. The key serves the algorithm. */
bool jwt_key_verify(
	const struct jwt_key *key, enum jwt_alg alg, struct span text, struct span signature);

#endif
