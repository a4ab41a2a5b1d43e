/*
 * The PROXY protocol, versions 1 and 2: what a proxy says of its client before the client's first
 * byte. Pure; who may be believed is the caller's to know. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_PROXY_PROTOCOL_H
#define SOCKLET_WIRE_PROXY_PROTOCOL_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "wire/wire.h"

enum {
	PROXY_V1_MAX = 107,   /* bytes with the end of the line, as the protocol says */
	PROXY_V2_MAX = 16384, /* bytes of a whole header: room for a certificate among the TLVs */
	PROXY_SOURCE_SIZE = INET6_ADDRSTRLEN + sizeof("[]:65535"),
};

struct proxy_header {
	size_t length; /* of the header; what follows is the client's */
	/*
	 * The client, "192.0.2.1:53124" or "[2001:db8::1]:53124". "" when the proxy does not say
	 * (UNKNOWN, another family) or speaks for itself (LOCAL): then it is who it seems.
	 */
	char source[PROXY_SOURCE_SIZE];
};

/*
 * Decodes the header at the start of `input`, which from call to call only grows. WIRE_MORE costs
 * as much as the first 107 bytes at most; WIRE_BAD fills `why`: no header, a wrong one, a longer
 * one than the limits above.
 */
enum wire proxy_protocol_decode(struct proxy_header *out, struct span input, struct err *why);

#endif
