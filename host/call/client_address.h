/*
 * Who a peer is, for limits: its IPv4 address, or so many bits of its IPv6 address, of which a
 * single customer has a whole network. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_CLIENT_ADDRESS_H
#define SOCKLET_CALL_CLIENT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

enum { CLIENT_ADDRESS_MAX = 16 };

/*
 * Of "192.0.2.1:4711", "[2001:db8::1]:4711", or the same without a port. Returns how many bytes it
 * is; 0: it is no address, as of a Unix socket, and has no limit.
 */
size_t client_address_parse(uint8_t out[CLIENT_ADDRESS_MAX], const char *peer, unsigned prefix);

#endif
