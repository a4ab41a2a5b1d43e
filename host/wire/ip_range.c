/*
 * A prefix of an address that has bits behind it is refused rather than cut: 10.1.2.3/8 was meant
 * as something else. SPDX-License-Identifier: MIT
 */
#include "wire/ip_range.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { IPV6_BITS = 128, IPV4_BITS = 32 };

/* The first `bits` are alike. */
static bool same_start(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* Clears what is behind `bits`. */
static struct ip_address start_of(const struct ip_address *address, unsigned bits)
{
	struct ip_address start = *address;

	for (unsigned i = bits; i < IPV6_BITS; i++)
		start.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	return start;
}

static bool read_bits(struct span text, unsigned most, unsigned *out)
{
	unsigned bits = 0;

	if (text.len == 0 || text.len > 3)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*out = bits;
	return bits <= most;
}

static bool refuse_shape(struct err *why)
{
	err_set(why, ERR_BAD_REQUEST,
		"wanted an address such as 10.0.0.1 or ::1, a range such as 10.0.0.0/8, or unix");
	return false;
}

static bool refuse_rest(const struct ip_range *range, bool is_ipv4, struct err *why)
{
	struct ip_address start = start_of(&range->first, range->bits);
	char text[INET6_ADDRSTRLEN] = "";

	if (is_ipv4)
		inet_ntop(AF_INET, start.bytes + 12, text, sizeof(text));
	else
		inet_ntop(AF_INET6, start.bytes, text, sizeof(text));
	err_set(why, ERR_BAD_REQUEST,
		"which has bits behind its prefix, wanted %s/%u, or the address alone", text,
		is_ipv4 ? range->bits - (IPV6_BITS - IPV4_BITS) : range->bits);
	return false;
}

/* A port or a zone has no place in a range. */
static bool is_bare(struct span address)
{
	bool has_port = span_find(address, ':') < address.len &&
			span_find(address, '.') < span_find(address, ':');

	return !has_port && span_find(address, '%') == address.len &&
	       span_find(address, '[') == address.len;
}

bool ip_range_parse(struct ip_range *out, struct span text, struct err *why)
{
	size_t slash = span_find(text, '/');
	struct span address = {text.ptr, slash};
	bool is_ipv4 = span_find(address, ':') == address.len;
	unsigned most = is_ipv4 ? IPV4_BITS : IPV6_BITS, bits = most;

	memset(out, 0, sizeof(*out));
	if (!is_bare(address) || !ip_address_parse(&out->first, address))
		return refuse_shape(why);
	if (out->first.is_unix)
		return span_equal(text, SPAN("unix")) || refuse_shape(why);
	if (slash < text.len && !read_bits(span_from(text, slash + 1), most, &bits)) {
		err_set(why, ERR_BAD_REQUEST, "wanted a number of bits from 0 to %u behind the /",
			most);
		return false;
	}
	out->bits = bits + (IPV6_BITS - most);
	if (memcmp(start_of(&out->first, out->bits).bytes, out->first.bytes, IP_ADDRESS_BYTES) != 0)
		return refuse_rest(out, is_ipv4, why);
	return true;
}

bool ip_range_has(const struct ip_range *range, const struct ip_address *address)
{
	if (range->first.is_unix || address->is_unix)
		return range->first.is_unix && address->is_unix;
	return same_start(range->first.bytes, address->bytes, range->bits);
}
