/*
 * A certificate with its key and the names it is for. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_TLS_CERTIFICATE_H
#define SOCKLET_NET_TLS_CERTIFICATE_H

#include <openssl/x509.h>
#include <time.h>

#include "net/tls_context.h"

/* Zero it; then tls_certificate_fini, also after a failure. */
struct tls_certificate {
	X509 *leaf;
	STACK_OF(X509) * chain; /* those behind it in the file */
	EVP_PKEY *key;
	char **hosts; /* NULL-ended; NULL: the certificate's own names */
	char *path;
};

bool tls_certificate_init(struct tls_certificate *out, const struct tls_pair *pair,
	bool wants_valid, struct err_list *why);
void tls_certificate_fini(struct tls_certificate *certificate);
/* Whether it is for that name; a wildcard stands for one label. */
bool tls_certificate_is_for(
	const struct tls_certificate *certificate, const char *name, bool by_wildcard);
/* Seconds left; below 0: it has expired. */
double tls_certificate_left(const struct tls_certificate *certificate);
/* All PEM certificates of the bytes. NULL, and none in *count, if there are none or one is broken.
 */
STACK_OF(X509) * tls_certificate_read_all(struct span bytes);

#endif
