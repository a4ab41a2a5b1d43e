/*
 * What a peer's certificate says, as texts that can be injected. Knows no X.509; net/ fills it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_PEER_CERTIFICATE_H
#define SOCKLET_WIRE_PEER_CERTIFICATE_H

#include "base/span.h"

/* TEXT(name, example): the name is what routes.yaml calls it. */
#define PEER_CERTIFICATE_TEXTS(TEXT)                                     \
	TEXT(subject, "CN=alice,O=Example,C=NL")                         \
	TEXT(common_name, "alice")                                       \
	TEXT(issuer, "CN=Example CA,O=Example,C=NL")                     \
	TEXT(serial, "0a1b2c: hexadecimal")                              \
	TEXT(fingerprint, "SHA-256 of the whole, 64 hexadecimal digits") \
	TEXT(not_before, "2026-01-01T00:00:00Z")                         \
	TEXT(not_after, "2027-01-01T00:00:00Z")                          \
	TEXT(dns, "alice.example.org: the first such name")              \
	TEXT(email, "alice@example.org: the first such name")

enum peer_certificate_text {
#define TEXT(name, example) PEER_CERTIFICATE_##name,
	PEER_CERTIFICATE_TEXTS(TEXT)
#undef TEXT
		PEER_CERTIFICATE_COUNT
};

/* UTF-8. A text that the certificate does not have has ptr NULL. */
struct peer_certificate {
	struct span texts[PEER_CERTIFICATE_COUNT];
};

/* The names, with NULL behind them. */
extern const char *const peer_certificate_names[PEER_CERTIFICATE_COUNT + 1];
/* Index of the name, PEER_CERTIFICATE_COUNT for none. */
enum peer_certificate_text peer_certificate_find(const char *name);

#endif
