/*
 * Text to bytes; an IPv4 address that is written as an IPv6 one is the IPv4 one. Called by
 * crowd.c. SPDX-License-Identifier: MIT
 */
#include "call/client_address.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_BYTES = 4, V6_BYTES = 16, V4_AT = 12, TEXT_MAX = INET6_ADDRSTRLEN };

/* Where the host ends. */
static size_t host_length(const char *peer)
{
	const char *colon = strchr(peer, ':');

	if (peer[0] == '[')
		return strcspn(peer, "]");
	/* Two of them: an IPv6 address without a port. */
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return strlen(peer);
	return (size_t)(colon - peer);
}

static void cut_to_prefix(uint8_t *bytes, unsigned prefix)
{
	for (unsigned i = 0; i < V6_BYTES; i++) {
		unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;

		if (kept < 8)
			bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
}

size_t client_address_parse(uint8_t out[CLIENT_ADDRESS_MAX], const char *peer, unsigned prefix)
{
	static const uint8_t mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};
	size_t skip = peer[0] == '[', len = host_length(peer) - skip;
	char text[TEXT_MAX];

	if (len >= sizeof(text))
		return 0;
	memcpy(text, peer + skip, len);
	text[len] = '\0';
	/* The zone of a link-local address: "fe80::1%eth0". */
	text[strcspn(text, "%")] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return V4_BYTES;
	if (inet_pton(AF_INET6, text, out) != 1)
		return 0;
	if (memcmp(out, mapped, V4_AT) == 0) {
		memmove(out, out + V4_AT, V4_BYTES);
		return V4_BYTES;
	}
	cut_to_prefix(out, prefix);
	return V6_BYTES;
}
