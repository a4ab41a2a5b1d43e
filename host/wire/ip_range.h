/*
 * Which peers somebody means: an address, all that begin alike, or those on Unix sockets.
 * Called by the readers of lists such as `proxies:`. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_IP_RANGE_H
#define SOCKLET_WIRE_IP_RANGE_H

#include "base/err.h"
#include "wire/ip_address.h"

struct ip_range {
	struct ip_address first;
	unsigned bits; /* of first.bytes that count */
};

/*
 * "10.0.0.0/8", "fd00::/8", "10.0.0.1", "::1", "unix". False fills `why` with what was wanted, to
 * stand behind "found …, ".
 */
bool ip_range_parse(struct ip_range *out, struct span text, struct err *why);
bool ip_range_has(const struct ip_range *range, const struct ip_address *address);

#endif
