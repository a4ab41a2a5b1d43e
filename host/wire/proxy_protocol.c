/*
 * Both versions begin in a way that neither HTTP nor TLS does, so that a client without a proxy is
 * noticed at its first byte. Addresses are taken in the one spelling that the protocol allows.
 * SPDX-License-Identifier: MIT
 */
#include "wire/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { V2_HEAD = 16, V2_SIGNATURE = 12, V2_LOCAL = 0x20, V2_PROXY = 0x21 };

static enum wire bad(struct err *why, const char *found)
{
	err_set(why, ERR_BAD_REQUEST, "%s", found);
	return WIRE_BAD;
}

/* Whether all that is there is the start of `whole`. */
static bool begins(struct span input, struct span whole)
{
	size_t len = input.len < whole.len ? input.len : whole.len;

	return memcmp(input.ptr, whole.ptr, len) == 0;
}

static void print_source(struct proxy_header *out, int family, const void *address, unsigned port)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, address, text, sizeof(text));
	snprintf(out->source, sizeof(out->source), family == AF_INET6 ? "[%s]:%u" : "%s:%u", text,
		port);
}

/* ---- version 1: a line of text ---------------------------------------------------------- */

/* 0 to 65535, without zeros in front. */
static bool read_port(struct span text, unsigned *out)
{
	unsigned port = 0;

	if (text.len == 0 || text.len > 5 || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*out = port;
	return port <= 65535;
}

static bool read_address(struct span text, int family, uint8_t out[sizeof(struct in6_addr)])
{
	char copy[INET6_ADDRSTRLEN] = "";

	if (text.len == 0 || text.len >= sizeof(copy) || span_find(text, '\0') < text.len)
		return false;
	memcpy(copy, text.ptr, text.len);
	return inet_pton(family, copy, out) == 1;
}

/* "192.0.2.1 198.51.100.1 56324 443" */
static bool read_ends(struct proxy_header *out, struct span rest, int family)
{
	uint8_t source[sizeof(struct in6_addr)], target[sizeof(struct in6_addr)];
	struct span source_text = span_cut(&rest, ' '), target_text = span_cut(&rest, ' ');
	struct span source_port = span_cut(&rest, ' '), target_port = rest;
	unsigned from, to;

	if (!read_address(source_text, family, source) ||
		!read_address(target_text, family, target) || !read_port(source_port, &from) ||
		!read_port(target_port, &to))
		return false;
	print_source(out, family, source, from);
	return true;
}

static bool read_line(struct proxy_header *out, struct span line)
{
	struct span rest = span_from(line, sizeof("PROXY ") - 1), protocol = span_cut(&rest, ' ');

	/* What follows UNKNOWN is not to be looked at. */
	if (span_equal(protocol, SPAN("UNKNOWN")))
		return true;
	if (span_equal(protocol, SPAN("TCP4")))
		return read_ends(out, rest, AF_INET);
	return span_equal(protocol, SPAN("TCP6")) && read_ends(out, rest, AF_INET6);
}

static enum wire decode_v1(struct proxy_header *out, struct span input, struct err *why)
{
	struct span line = {input.ptr, span_find(input, '\n')};

	if (!begins(input, SPAN("PROXY ")))
		return bad(why, "no PROXY header before the client's first byte");
	if (line.len >= PROXY_V1_MAX || (line.len == input.len && input.len >= PROXY_V1_MAX))
		return bad(why, "a PROXY header of more than 107 bytes");
	if (line.len == input.len)
		return WIRE_MORE;
	out->length = line.len + 1;
	if (line.len == 0 || line.ptr[line.len - 1] != '\r' ||
		!read_line(out, (struct span){line.ptr, line.len - 1}))
		return bad(why,
			"a PROXY header that is not \"PROXY TCP4 <from> <to> <port> <port>\", "
			"TCP6 or UNKNOWN");
	return WIRE_DONE;
}

/* ---- version 2: bytes ------------------------------------------------------------------- */

/* The protocols that version 2 knows; a source is made of those of TCP only. */
static const struct v2_family {
	uint8_t code;
	int family;       /* AF_UNSPEC: its ends are passed over */
	uint16_t address; /* bytes */
	uint16_t ends;    /* bytes of both, ports included */
} v2_families[] = {
	{0x00, AF_UNSPEC, 0, 0},   /* not told */
	{0x11, AF_INET, 4, 12},    /* TCP over IPv4 */
	{0x12, AF_UNSPEC, 4, 12},  /* UDP */
	{0x21, AF_INET6, 16, 36},  /* TCP over IPv6 */
	{0x22, AF_UNSPEC, 16, 36}, /* UDP */
	{0x31, AF_UNSPEC, 0, 216}, /* Unix stream */
	{0x32, AF_UNSPEC, 0, 216}, /* Unix datagram */
};

static const struct v2_family *find_family(uint8_t code)
{
	for (size_t i = 0; i < sizeof(v2_families) / sizeof(v2_families[0]); i++)
		if (v2_families[i].code == code)
			return &v2_families[i];
	return NULL;
}

static unsigned read_16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

static enum wire decode_v2_head(const uint8_t *bytes, struct err *why)
{
	const struct v2_family *family = find_family(bytes[13]);

	if (bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY)
		return bad(why, "a PROXY header of version 2 with an unknown version or command");
	/* Of LOCAL only the length counts. */
	if (bytes[12] == V2_LOCAL)
		return WIRE_DONE;
	if (family == NULL)
		return bad(why, "a PROXY header of version 2 with an unknown address family");
	if (read_16(bytes + 14) < family->ends)
		return bad(why, "a PROXY header of version 2 that is too short for its addresses");
	return WIRE_DONE;
}

static enum wire decode_v2(struct proxy_header *out, struct span input, struct err *why)
{
	static const struct span signature = {"\r\n\r\n\0\r\nQUIT\n", V2_SIGNATURE};
	const uint8_t *bytes = (const uint8_t *)input.ptr;
	const struct v2_family *family;

	if (!begins(input, signature))
		return bad(why, "no PROXY header before the client's first byte");
	if (input.len < V2_HEAD)
		return WIRE_MORE;
	out->length = V2_HEAD + read_16(bytes + 14);
	if (out->length > PROXY_V2_MAX)
		return bad(why, "a PROXY header of version 2 of more than 16384 bytes");
	if (decode_v2_head(bytes, why) == WIRE_BAD)
		return WIRE_BAD;
	if (input.len < out->length)
		return WIRE_MORE;
	family = find_family(bytes[13]);
	if (bytes[12] == V2_PROXY && family->family != AF_UNSPEC)
		print_source(out, family->family, bytes + V2_HEAD,
			read_16(bytes + V2_HEAD + 2 * family->address));
	return WIRE_DONE;
}

enum wire proxy_protocol_decode(struct proxy_header *out, struct span input, struct err *why)
{
	memset(out, 0, sizeof(*out));
	if (input.len == 0)
		return WIRE_MORE;
	return input.ptr[0] == '\r' ? decode_v2(out, input, why) : decode_v1(out, input, why);
}
