/*
 * The address of a peer, of one form for IPv4, IPv6 and Unix sockets, so that one comparison does
 * for all. Knows no names and asks no resolver. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_IP_ADDRESS_H
#define SOCKLET_WIRE_IP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct sockaddr;

enum { IP_ADDRESS_BYTES = 16 };

struct ip_address {
	uint8_t bytes[IP_ADDRESS_BYTES]; /* IPv4 as ::ffff:a.b.c.d; a Unix socket's are 0 */
	bool is_unix;
};

/*
 * "10.0.0.1", "10.0.0.1:53124", "::1", "[::1]", "[::1]:53124", "fe80::1%eth0", "unix" and
 * "unix:…": what a transport calls its peer, and what proxies write into headers. A port is looked
 * at and left out, as is the zone. False for everything else.
 */
bool ip_address_parse(struct ip_address *out, struct span text);
/* False for other families than AF_INET, AF_INET6 and AF_UNIX. */
bool ip_address_from(struct ip_address *out, const struct sockaddr *from);

#endif
