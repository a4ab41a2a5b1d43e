/*
 * Certificates and rules of all TLS connections of a worker: made whole from bytes, never changed,
 * replaced by the next load. Counted: each connection holds the one it began with. Reads no file
 * and knows no socket. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_TLS_CONTEXT_H
#define SOCKLET_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/tls_secret.h"

/* What a file held, and where routes.yaml names it. */
struct tls_file {
	const char *path;
	struct span bytes;
	struct place place;
};

struct tls_pair {
	struct tls_file certificate; /* PEM: the server's, then those that lead to its root */
	struct tls_file key;
	const char *const *hosts; /* NULL-ended; NULL: the names in the certificate */
};

enum tls_verify { TLS_VERIFY_NOBODY, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED };

/* A text of routes.yaml; NULL: not said. */
struct tls_words {
	const char *text;
	struct place place;
};

struct tls_settings {
	const struct tls_pair *pairs; /* the first is for names that none has */
	size_t pair_count;
	bool is_1_3_only;
	struct tls_words ciphers, ciphersuites; /* of TLS 1.2, and of 1.3 */
	enum tls_verify verify;
	struct tls_file client_ca; /* unless nobody is verified */
	struct tls_secret secret;  /* period_s 0: no session is resumed */
	const char *hsts;          /* a header's value; NULL: none */
	bool wants_valid;          /* a certificate that is not valid today is a mistake */
};

struct tls_context;

/* NULL adds to `why` all that is wrong with the files. */
struct tls_context *tls_context_new(const struct tls_settings *settings, struct err_list *why);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);
/* One line in the log for each certificate that expires within two weeks. */
void tls_context_warn(const struct tls_context *context);

/* Shared by the connections, of which one at a time is at work. */
struct tls_room {
	BIO_METHOD *method;
	char in[65536]; /* as read from the socket, or from a file */
	char record[SSL3_RT_MAX_PLAIN_LENGTH];
	struct buf out; /* encrypted; empty between two calls */
};

struct tls_room *tls_context_room(struct tls_context *context);
/* Of a new connection. The caller's to free. */
SSL *tls_context_session(struct tls_context *context);
const char *tls_context_hsts(const struct tls_context *context);

#endif
