/*
 * The codec of a bare OpenSSL echo: TLS 1.3 on the scheme of host/net/tls_io.c, a BIO that reads
 * from what was received and appends to what leaves, so that OpenSSL never touches the socket.
 *
 *   floor_tls PORT CERTIFICATE KEY
 *
 * SPDX-License-Identifier: MIT
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "floor_codec.h"

enum { RECEIVE_BYTES = 48 << 10, OUT_BYTES = 2 * RECEIVE_BYTES };

/* As the host has it: with more, what is in between no longer fits into the caches. */
const size_t floor_codec_receive_bytes = RECEIVE_BYTES;

static SSL_CTX *context;
static BIO_METHOD *method;
static struct floor_bytes incoming;
static unsigned char outgoing[OUT_BYTES];
static size_t outgoing_len;

static int bio_read(BIO *bio, char *out, int size)
{
	size_t len = (size_t)size < incoming.len ? (size_t)size : incoming.len;

	BIO_clear_retry_flags(bio);
	if (len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, incoming.data, len);
	incoming.data += len;
	incoming.len -= len;
	return (int)len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	BIO_clear_retry_flags(bio);
	if (outgoing_len + (size_t)len > sizeof(outgoing))
		floor_die("no room for what leaves");
	memcpy(outgoing + outgoing_len, data, (size_t)len);
	outgoing_len += (size_t)len;
	return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

void floor_codec_init(int count, char **words)
{
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "floor");
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	if (count < 2 || SSL_CTX_use_certificate_chain_file(context, words[0]) != 1 ||
		SSL_CTX_use_PrivateKey_file(context, words[1], SSL_FILETYPE_PEM) != 1)
		floor_die("wanted a certificate and its key behind the port");
}

void floor_codec_open(struct floor_peer *peer)
{
	SSL *ssl = SSL_new(context);
	BIO *bio = BIO_new(method);

	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_accept_state(ssl);
	peer->own = ssl;
}

void floor_codec_close(struct floor_peer *peer)
{
	SSL_free(peer->own);
}

struct floor_bytes floor_codec_in(struct floor_peer *peer, struct floor_bytes bytes)
{
	static unsigned char plain[RECEIVE_BYTES + SSL3_RT_MAX_PACKET_SIZE];
	size_t len = 0, part;

	incoming = bytes;
	outgoing_len = 0;
	while (SSL_read_ex(peer->own, plain + len, sizeof(plain) - len, &part) == 1)
		len += part;
	ERR_clear_error();
	return (struct floor_bytes){plain, len};
}

/* What floor_codec_in had OpenSSL say goes first. */
struct floor_bytes floor_codec_out(struct floor_peer *peer, struct floor_bytes bytes)
{
	size_t written = 0, len;

	if (bytes.len > 0 && SSL_write_ex(peer->own, bytes.data, bytes.len, &written) != 1)
		floor_die("SSL_write");
	len = outgoing_len;
	outgoing_len = 0;
	return (struct floor_bytes){outgoing, len};
}
