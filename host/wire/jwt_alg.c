/*
 * Names of algorithms. "none" is not one of them. Knows no key; config/ and security/ call it.
 * SPDX-License-Identifier: MIT
 */
#include "wire/jwt_alg.h"

static const char *const names[JWT_ALG_COUNT] = {
#define ROW(token, name, bytes) name,
	JWT_ALGS(ROW)
#undef ROW
};

const char *jwt_alg_name(enum jwt_alg alg)
{
	return names[alg];
}

bool jwt_alg_find(struct span name, enum jwt_alg *out)
{
	for (int alg = 0; alg < JWT_ALG_COUNT; alg++) {
		if (span_equal(name, span_of(names[alg]))) {
			*out = (enum jwt_alg)alg;
			return true;
		}
	}
	return false;
}
