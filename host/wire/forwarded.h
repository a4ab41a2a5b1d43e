/*
 * Whom a chain of proxies speaks for: X-Forwarded-For and its kin, or Forwarded (RFC 7239). Read
 * from the right, where the nearest proxy wrote; what stands further left than the first address
 * nobody trusts is the client's own word and never looked at. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_FORWARDED_H
#define SOCKLET_WIRE_FORWARDED_H

#include "wire/http_head.h"
#include "wire/ip_range.h"

/* More proxies in a row than anybody has; what is left of the last so many is not looked at. */
enum { FORWARDED_HOPS_MAX = 32 };

/* Which of them is read: a proxy passes on the one that it does not know as the client wrote it. */
enum forwarded_header { FORWARDED_X, FORWARDED_RFC7239 };

enum forwarded_scheme { FORWARDED_UNSAID, FORWARDED_HTTP, FORWARDED_HTTPS };

struct forwarded {
	struct span peer; /* "203.0.113.9", "[2001:db8::1]:80", as written; ptr NULL: not said */
	enum forwarded_scheme scheme; /* that the client used */
	struct span host;             /* that it asked for; ptr NULL: not said */
};

/*
 * Only for a request that came from a trusted address. False: what a trusted proxy wrote, or had
 * the client write, cannot be read, and `why` says what (ERR_BAD_REQUEST).
 */
bool forwarded_find(struct forwarded *out, const struct http_head *head,
	enum forwarded_header header, const struct ip_range *trusted, size_t count,
	struct err *why);

/* Whether one of the ranges has it: "127.0.0.1:53124", "unix:/run/s". */
bool forwarded_is_trusted(struct span peer, const struct ip_range *trusted, size_t count);

#endif
