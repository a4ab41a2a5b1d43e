/*
 * Security providers that the host itself has: api_key, basic, bearer, oauth2, jwt, as FastAPI's
 * classes of these names, on WebSockets. Pure: settings and the bytes of a request go in, claims
 * or a refusal come out. Made by call/ from routes.yaml, asked for each connection.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_SECURITY_H
#define SOCKLET_SECURITY_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "security/credential.h"
#include "security/secret.h"
#include "wire/claims.h"
#include "wire/jwt_alg.h"

enum security_kind {
	SECURITY_API_KEY,
	SECURITY_BASIC,
	SECURITY_BEARER,
	SECURITY_OAUTH2,
	SECURITY_JWT,
	SECURITY_KIND_COUNT
};

struct security_key {
	struct secret_source source; /* PEM public key or certificate, or a secret for HMAC */
	const char *kid;             /* NULL: for tokens of any kid */
};

/* The settings. Lists of texts end with NULL; all is borrowed for security_new only. */
struct security_input {
	enum security_kind kind;
	bool is_required; /* false: nothing given is no refusal, FastAPI's auto_error=False */
	const struct credential_from *from;
	size_t from_count;
	const char *realm;                   /* basic; NULL: none */
	const struct secret_source *secrets; /* api_key, basic, bearer; none: anything passes */
	size_t secret_count;
	unsigned expire_code; /* jwt, as all below */
	const enum jwt_alg *algorithms;
	size_t algorithm_count;
	const struct security_key *keys;
	size_t key_count;
	const char *const *audiences; /* NULL: none */
	const char *issuer;           /* NULL: any */
	uint64_t leeway_ms;
	const char *const *required_claims; /* NULL: none */
	struct place place;                 /* of the section, for what has no place of its own */
};

struct security;

/* Reads keys and secrets. NULL adds to `why` every mistake, with its place and without a secret. */
struct security *security_new(const struct security_input *input, struct err_list *why);
void security_free(struct security *security);

/* Texts and claims are the arena's or static, but for found.value, which is the request's. */
struct security_answer {
	struct credential found; /* never to be logged; a subprotocol never to be accepted */
	/* When it may pass: */
	struct claims claims;
	bool is_absent;       /* nothing was given, and nothing is required: no claims */
	int64_t expires_s;    /* unix time, 0: never */
	unsigned expire_code; /* to close with then */
	/* When it may not, or no longer, having expired; log_text always: */
	unsigned status;              /* 401, 403 */
	unsigned close_code;          /* 4401, 4403 */
	const char *detail;           /* for the peer: {"detail": …}, and the close reason */
	const char *www_authenticate; /* the header's value */
	const char *log_text;         /* holds no credential */
};

/* False: refused. `scopes` that are wanted end with NULL; NULL for none. */
bool security_check(const struct security *security, const struct security_request *request,
	const char *const *scopes, struct arena *arena, struct security_answer *out);

/* The claim for a field that names none: "key", "username", "token", "sub". */
const char *security_default_claim(const struct security *security);
/* "api_key", as in routes.yaml. */
const char *security_kind_name(const struct security *security);

#endif
