/*
 * A request head with what is decoded of it. At first it borrows the transport's bytes; a request
 * that must outlive the call is kept: copied and decoded again. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_REQUEST_H
#define SOCKLET_CALL_REQUEST_H

#include "base/arena.h"
#include "route/pattern.h"
#include "wire/http_head.h"
#include "wire/url.h"

struct request {
	struct arena arena;
	const struct http_head *head;
	struct span raw;  /* the head's bytes */
	struct span host; /* that the client asked for, a proxy's word for it too; ptr NULL: none */
	struct span path; /* percent-decoded */
	struct span params[PATTERN_PARAMS_MAX];
	size_t param_count;
	struct pair *query, *cookies; /* decoded when first asked for */
	size_t query_count, cookie_count;
	struct span *offers; /* the subprotocols that are no credential: session_security.c's */
	size_t offer_count;
};

void request_init(struct request *request, const struct http_head *head, struct span raw);
void request_fini(struct request *request);
/* A heap copy that borrows nothing; free with request_free. */
struct request *request_copy(const struct request *request);
void request_free(struct request *request);

/* Decode once, then stay. */
void request_want_query(struct request *request);
void request_want_cookies(struct request *request);

#endif
