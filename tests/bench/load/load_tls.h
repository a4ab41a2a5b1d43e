/*
 * TLS 1.3 of the load generator, over a socket of its own: OpenSSL as simple as it goes. Verifies
 * nothing. What it costs is the client's and never measured. Called by load_conn.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef LOAD_TLS_H
#define LOAD_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <sys/types.h>

/* Shakes hands over a blocking socket. */
SSL *load_tls_open(int fd);
/* As send and recv on a socket that does not block: -1 with errno, EAGAIN among others. */
ssize_t load_tls_send(SSL *ssl, const void *data, size_t len);
ssize_t load_tls_receive(SSL *ssl, void *out, size_t size);

#endif
