/*
 * See load_tls.h. A record is read at a time, so that nothing decrypted is left where epoll does
 * not see it: the buffers of load_conn.c are larger than a record.
 * SPDX-License-Identifier: MIT
 */
#include "load_tls.h"

#include <errno.h>
#include <openssl/err.h>

#include "load_conn.h"

/* The floor and the host both take it; the others differ in what a byte costs. */
#define CIPHER "TLS_AES_256_GCM_SHA384"

static SSL_CTX *context(void)
{
	static SSL_CTX *made;

	if (!made) {
		made = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
		SSL_CTX_set_ciphersuites(made, CIPHER);
		SSL_CTX_set_mode(
			made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
	}
	return made;
}

SSL *load_tls_open(int fd)
{
	SSL *ssl = SSL_new(context());

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		load_die("TLS handshake", ERR_error_string(ERR_get_error(), NULL));
	return ssl;
}

static ssize_t result(SSL *ssl, int done, size_t len)
{
	int why;

	if (done == 1)
		return (ssize_t)len;
	why = SSL_get_error(ssl, done);
	if (why == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

ssize_t load_tls_send(SSL *ssl, const void *data, size_t len)
{
	size_t sent = 0;
	int done = SSL_write_ex(ssl, data, len, &sent);

	return result(ssl, done, sent);
}

ssize_t load_tls_receive(SSL *ssl, void *out, size_t size)
{
	size_t got = 0;
	int done = SSL_read_ex(ssl, out, size, &got);

	return result(ssl, done, got);
}
