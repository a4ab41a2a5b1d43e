/*
 * IPv4 is kept as the IPv6 addresses that stand for it, as a socket of both families gives them.
 * Called by ip_range.c and by who must know a peer. SPDX-License-Identifier: MIT
 */
#include "wire/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* inet_pton wants a NUL, and reads families apart. */
static bool read_bytes(struct ip_address *out, struct span text, int family)
{
	char copy[INET6_ADDRSTRLEN] = "";
	uint8_t *to = out->bytes;

	if (text.len == 0 || text.len >= sizeof(copy) || span_find(text, '\0') < text.len)
		return false;
	memcpy(copy, text.ptr, text.len);
	if (family == AF_INET) {
		memcpy(to, mapped, sizeof(mapped));
		to += sizeof(mapped);
	}
	return inet_pton(family, copy, to) == 1;
}

/* ":0" to ":65535", or nothing. */
static bool is_port(struct span text)
{
	unsigned number = 0;

	if (text.len == 0)
		return true;
	if (text.ptr[0] != ':' || text.len < 2 || text.len > 6)
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return number <= 65535;
}

static bool read_ipv6(struct ip_address *out, struct span text)
{
	return read_bytes(out, (struct span){text.ptr, span_find(text, '%')}, AF_INET6);
}

bool ip_address_parse(struct ip_address *out, struct span text)
{
	size_t colon = span_find(text, ':'), bracket = span_find(text, ']');

	memset(out, 0, sizeof(*out));
	if (span_equal((struct span){text.ptr, colon}, SPAN("unix"))) {
		out->is_unix = true;
		return true;
	}
	if (text.len > 0 && text.ptr[0] == '[')
		return bracket < text.len &&
		       read_ipv6(out, (struct span){text.ptr + 1, bracket - 1}) &&
		       is_port(span_from(text, bracket + 1));
	/* Without brackets a second colon is part of the address. */
	if (span_find(span_from(text, colon + 1), ':') < span_from(text, colon + 1).len)
		return read_ipv6(out, text);
	return read_bytes(out, (struct span){text.ptr, colon}, AF_INET) &&
	       is_port(span_from(text, colon));
}

bool ip_address_from(struct ip_address *out, const struct sockaddr *from)
{
	memset(out, 0, sizeof(*out));
	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, from, sizeof(in));
		memcpy(out->bytes, mapped, sizeof(mapped));
		memcpy(out->bytes + sizeof(mapped), &in.sin_addr, sizeof(in.sin_addr));
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, from, sizeof(in6));
		memcpy(out->bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
	} else {
		out->is_unix = from->sa_family == AF_UNIX;
		return out->is_unix;
	}
	return true;
}
