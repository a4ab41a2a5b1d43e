/*
 * One SSL_CTX: names choose a certificate in a callback, tickets are made with keys that all
 * workers share. What is allowed is decided here: TLS 1.2 with forward secrecy and authenticated
 * encryption, or 1.3; no renegotiation, no compression, no session cache, HTTP/1.1 only.
 * SPDX-License-Identifier: MIT
 */
#include "net/tls_context.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "net/tls_certificate.h"
#include "net/tls_io.h"

#define TLS_CONTEXT_MAGIC 0x746c7363u

#define DEFAULT_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

enum { SOON_DAYS = 14 };

struct tls_context {
	unsigned magic;
	unsigned refs;
	SSL_CTX *ssl;
	struct tls_certificate *certificates;
	size_t count;
	struct tls_secret secret;
	struct tls_ticket_key keys[2]; /* of the stretch of `secret`, and of the next: ours */
	bool has_keys;
	char *hsts;
	struct tls_room room;
};

/* ---- names ---------------------------------------------------------------------------------- */

static const struct tls_certificate *find_certificate(
	const struct tls_context *context, const char *name)
{
	for (int by_wildcard = 0; by_wildcard < 2; by_wildcard++)
		for (size_t i = 0; i < context->count; i++)
			if (tls_certificate_is_for(
				    &context->certificates[i], name, by_wildcard != 0))
				return &context->certificates[i];
	return NULL;
}

/* The first is the SSL_CTX's own: it serves whoever asks for none, or for one that nobody has. */
static int choose_certificate(SSL *ssl, void *arg)
{
	const struct tls_context *context = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_certificate *found = name == NULL ? NULL : find_certificate(context, name);

	if (found == NULL || found == context->certificates)
		return 1;
	/* Else one for another algorithm would be offered beside it. */
	SSL_certs_clear(ssl);
	return SSL_use_cert_and_key(ssl, found->leaf, found->key, found->chain, 1);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *offered, unsigned offered_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, offered, offered_len) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* ---- tickets -------------------------------------------------------------------------------- */

static void turn_keys(struct tls_context *context)
{
	uint64_t before = context->secret.number;

	tls_secret_turn(&context->secret, context->secret.period_s, (uint64_t)time(NULL));
	if (context->has_keys && context->secret.number == before)
		return;
	context->has_keys = true;
	for (unsigned i = 0; i < 2; i++)
		context->keys[i] = tls_secret_key(&context->secret, i);
}

static bool use_key(const struct tls_ticket_key *key, const unsigned char *iv,
	EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_encrypting)
{
	char hash[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac, sizeof(key->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 &&
	       EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes, iv, is_encrypting) == 1;
}

/* 0: the ticket is not ours; 2: it was made in the stretch before, and is replaced. */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int is_encrypting)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct tls_ticket_key *keys = context->keys;

	turn_keys(context);
	if (is_encrypting != 0) {
		memcpy(name, keys[1].name, sizeof(keys[1].name));
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
		return use_key(&keys[1], iv, cipher, mac, 1) ? 1 : -1;
	}
	for (int i = 1; i >= 0; i--)
		if (memcmp(name, keys[i].name, sizeof(keys[i].name)) == 0)
			return use_key(&keys[i], iv, cipher, mac, 0) ? 2 - i : -1;
	return 0;
}

static void set_tickets(struct tls_context *context, const struct tls_settings *settings)
{
	SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
	context->secret = settings->secret;
	if (settings->secret.period_s == 0) {
		SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(context->ssl, 0);
		return;
	}
	SSL_CTX_set_timeout(context->ssl, (long)settings->secret.period_s);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context->ssl, ticket_key);
}

/* ---- clients -------------------------------------------------------------------------------- */

/* A session of other rules for clients is not resumed under these. */
static void set_session_id(struct tls_context *context, const struct tls_settings *settings)
{
	unsigned char id[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf rules = {0};

	buf_printf(&rules, "%d ", (int)settings->verify);
	buf_append_span(&rules, settings->client_ca.bytes);
	if (EVP_Digest(rules.data, rules.len, id, &len, EVP_sha256(), NULL) == 1)
		SSL_CTX_set_session_id_context(context->ssl, id, len);
	buf_fini(&rules);
}

static void set_clients(
	struct tls_context *context, const struct tls_settings *settings, struct err_list *why)
{
	const struct tls_file *file = &settings->client_ca;
	int mode = SSL_VERIFY_PEER;
	STACK_OF(X509) * all;

	set_session_id(context, settings);
	if (settings->verify == TLS_VERIFY_NOBODY)
		return;
	if (settings->verify == TLS_VERIFY_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context->ssl, mode, NULL);
	all = tls_certificate_read_all(file->bytes);
	if (all == NULL)
		err_list_add(why, file->place,
			"tls: %s: found no certificate, wanted those of who signs the clients', in "
			"PEM",
			file->path);
	for (int i = 0; i < sk_X509_num(all); i++) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), sk_X509_value(all, i));
		SSL_CTX_add_client_CA(context->ssl, sk_X509_value(all, i));
	}
	sk_X509_pop_free(all, X509_free);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void set_rules(
	struct tls_context *context, const struct tls_settings *settings, struct err_list *why)
{
	const char *ciphers = settings->ciphers.text, *suites = settings->ciphersuites.text;

	SSL_CTX_set_min_proto_version(
		context->ssl, settings->is_1_3_only ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
						  SSL_OP_CIPHER_SERVER_PREFERENCE |
						  SSL_OP_PRIORITIZE_CHACHA);
	/* An idle connection then holds no record's room: 34 KiB of 40. */
	SSL_CTX_set_mode(context->ssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, NULL);
	SSL_CTX_set_cert_cb(context->ssl, choose_certificate, context);
	if (SSL_CTX_set_cipher_list(context->ssl, ciphers == NULL ? DEFAULT_CIPHERS : ciphers) != 1)
		err_list_add(why, settings->ciphers.place,
			"tls: ciphers: found %s, wanted names that \"openssl ciphers -v\" lists",
			ciphers);
	if (suites != NULL && SSL_CTX_set_ciphersuites(context->ssl, suites) != 1)
		err_list_add(why, settings->ciphersuites.place,
			"tls: ciphersuites: found %s, wanted names such as "
			"TLS_AES_128_GCM_SHA256, with colons between them",
			suites);
	ERR_clear_error();
}

/* OpenSSL refuses keys that are too short to be safe. */
static void use_certificate(SSL_CTX *ssl, const struct tls_certificate *certificate,
	const struct tls_pair *pair, struct err_list *why)
{
	ERR_clear_error();
	if (SSL_CTX_use_cert_and_key(
		    ssl, certificate->leaf, certificate->key, certificate->chain, 1) != 1)
		err_list_add(why, pair->certificate.place,
			"tls: %s: the certificate cannot be used: %s", pair->certificate.path,
			ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
}

static void set_certificates(
	struct tls_context *context, const struct tls_settings *settings, struct err_list *why)
{
	SSL_CTX *trial = SSL_CTX_new(TLS_server_method());

	context->certificates = xcalloc(settings->pair_count + 1, sizeof(*context->certificates));
	context->count = settings->pair_count;
	for (size_t i = 0; i < settings->pair_count; i++) {
		struct tls_certificate *certificate = &context->certificates[i];

		if (tls_certificate_init(
			    certificate, &settings->pairs[i], settings->wants_valid, why))
			use_certificate(i == 0 ? context->ssl : trial, certificate,
				&settings->pairs[i], why);
	}
	SSL_CTX_free(trial);
}

struct tls_context *tls_context_new(const struct tls_settings *settings, struct err_list *why)
{
	struct tls_context *context = xcalloc(1, sizeof(*context));
	size_t already = why->count;

	context->magic = TLS_CONTEXT_MAGIC;
	context->refs = 1;
	context->room.method = tls_io_method();
	context->ssl = SSL_CTX_new(TLS_server_method());
	assert(context->ssl != NULL);
	SSL_CTX_set_app_data(context->ssl, context);
	context->hsts = settings->hsts == NULL ? NULL : xstrdup(settings->hsts);
	set_rules(context, settings, why);
	set_tickets(context, settings);
	set_clients(context, settings, why);
	set_certificates(context, settings, why);
	if (why->count == already)
		return context;
	tls_context_unref(context);
	return NULL;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
	assert(context->magic == TLS_CONTEXT_MAGIC);
	context->refs++;
	return context;
}

void tls_context_unref(struct tls_context *context)
{
	if (context == NULL)
		return;
	assert(context->magic == TLS_CONTEXT_MAGIC && context->refs > 0);
	if (--context->refs > 0)
		return;
	for (size_t i = 0; i < context->count; i++)
		tls_certificate_fini(&context->certificates[i]);
	free(context->certificates);
	SSL_CTX_free(context->ssl);
	BIO_meth_free(context->room.method);
	buf_fini(&context->room.out);
	OPENSSL_cleanse(&context->secret, sizeof(context->secret));
	OPENSSL_cleanse(context->keys, sizeof(context->keys));
	free(context->hsts);
	context->magic = 0;
	free(context);
}

void tls_context_warn(const struct tls_context *context)
{
	for (size_t i = 0; i < context->count; i++) {
		double left = tls_certificate_left(&context->certificates[i]);

		if (left < 0)
			log_warn("tls: %s: the certificate has expired: renew it",
				context->certificates[i].path);
		else if (left < SOON_DAYS * 86400.0)
			log_warn("tls: %s: the certificate expires in %d days: renew it",
				context->certificates[i].path, (int)(left / 86400.0 + 0.5));
	}
}

/* ---- for connections ------------------------------------------------------------------------ */

struct tls_room *tls_context_room(struct tls_context *context)
{
	return &context->room;
}

SSL *tls_context_session(struct tls_context *context)
{
	SSL *ssl = SSL_new(context->ssl);

	assert(ssl != NULL); /* else memory is out */
	return ssl;
}

const char *tls_context_hsts(const struct tls_context *context)
{
	return context->hsts;
}
