/*
 * Where a peer shows who it is: the header Authorization, a header, a cookie, a query parameter,
 * or the list of subprotocols, which is what a script in a browser can write.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_SECURITY_CREDENTIAL_H
#define SOCKLET_SECURITY_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "wire/http_head.h"
#include "wire/url.h"

/* What may be looked at. Pairs are decoded (wire/url.h, wire/cookie.h). */
struct security_request {
	const struct http_head *head;
	const struct pair *query, *cookies;
	size_t query_count, cookie_count;
	int64_t now_s; /* unix time */
};

enum credential_place {
	CREDENTIAL_NOWHERE,
	CREDENTIAL_AUTHORIZATION, /* "Authorization: <scheme> <credential>" */
	CREDENTIAL_SUBPROTOCOL,   /* "Sec-WebSocket-Protocol: <scheme>, <credential>" */
	CREDENTIAL_HEADER,        /* by name, the whole value; of several the first */
	CREDENTIAL_COOKIE,        /* by name; of several the last */
	CREDENTIAL_QUERY,         /* by name; of several the last */
};

struct credential_from {
	enum credential_place place;
	const char *name; /* of the header, cookie or parameter */
};

struct credential {
	enum credential_place place;
	/*
	 * Borrowed from the request. Found among the subprotocols it is one of those offered: never
	 * to be chosen, for that would send it back.
	 */
	struct span value;
};

/*
 * The first of the places, in their order, where something stands: an empty value and another
 * scheme are nothing. Schemes in any case (RFC 9110 section 11.1). False, with CREDENTIAL_NOWHERE,
 * when there is nothing.
 */
bool credential_find(struct credential *out, const struct credential_from *from, size_t count,
	const char *scheme, const struct security_request *request);

struct credential_basic {
	struct span username, password;
	struct span both; /* "username:password" */
};

/*
 * RFC 7617: base64 of ASCII "user:password" (base64url without padding as a subprotocol, where '='
 * and '/' may not stand). False for anything else, control characters too. The arena's.
 */
bool credential_decode_basic(
	const struct credential *credential, struct arena *arena, struct credential_basic *out);

/* "header", "cookie", …: for log lines. */
const char *credential_place_name(enum credential_place place);

#endif
