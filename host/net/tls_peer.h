/*
 * The texts of a peer's certificate. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_TLS_PEER_H
#define SOCKLET_NET_TLS_PEER_H

#include <openssl/x509.h>

#include "base/arena.h"
#include "wire/peer_certificate.h"

/* Both the arena's. */
struct peer_certificate *tls_peer_read(X509 *certificate, struct arena *arena);
/* "2027-01-01T00:00:00Z", with a NUL behind it. */
struct span tls_peer_time(const ASN1_TIME *time, struct arena *arena);

#endif
