/*
 * A connection's bytes under TLS: OpenSSL decrypts what was read into the worker's buffer, and
 * encrypts into another one that is sent at once; it never touches the socket. Only what a full
 * socket does not take is kept with the connection. Called by conn.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_TLS_IO_H
#define SOCKLET_NET_TLS_IO_H

#include <openssl/bio.h>

struct conn;

/* For tls_context.c, whose connections share it. Freed by the caller. */
BIO_METHOD *tls_io_method(void);
/* A new connection speaks TLS, as conn->set->tls says. */
void tls_io_begin(struct conn *conn);
/* Does nothing to one that does not. */
void tls_io_fini(struct conn *conn);
/* "max-age=…" for the answers of this connection; NULL: none. */
const char *tls_io_hsts(const struct conn *conn);

#endif
