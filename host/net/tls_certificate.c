/*
 * PEM to OpenSSL's objects; every mistake is told with the file and its place in routes.yaml. Knows
 * no connection. Called by tls_context.c. SPDX-License-Identifier: MIT
 */
#include "net/tls_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/tls_peer.h"

static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason == NULL ? "unknown" : reason;
}

static BIO *bio_of(struct span bytes)
{
	return BIO_new_mem_buf(bytes.len == 0 ? "" : bytes.ptr, (int)bytes.len);
}

/* ---- reading -------------------------------------------------------------------------------- */

STACK_OF(X509) * tls_certificate_read_all(struct span bytes)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = bio_of(bytes);
	X509 *one;

	ERR_clear_error();
	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(all, one);
	BIO_free(bio);
	/* The end of the file is the one good reason to stop. */
	if (sk_X509_num(all) > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return all;
	}
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

static bool read_chain(
	struct tls_certificate *out, const struct tls_file *file, struct err_list *why)
{
	out->chain = tls_certificate_read_all(file->bytes);
	if (out->chain == NULL) {
		err_list_add(why, file->place,
			"tls: %s: found no certificate (%s), wanted one in PEM, and behind it "
			"those that lead to its root",
			file->path, openssl_reason());
		return false;
	}
	out->leaf = sk_X509_shift(out->chain);
	return true;
}

/* Nobody is there to type it. */
static int no_passphrase(char *out, int size, int is_writing, void *arg)
{
	(void)out;
	(void)size;
	(void)is_writing;
	*(bool *)arg = true;
	return -1;
}

static bool read_key(struct tls_certificate *out, const struct tls_file *file, struct err_list *why)
{
	BIO *bio = bio_of(file->bytes);
	bool is_encrypted = false;

	ERR_clear_error();
	out->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &is_encrypted);
	BIO_free(bio);
	if (is_encrypted)
		err_list_add(why, file->place,
			"tls: %s: found a key with a passphrase, wanted one without: write it with "
			"\"openssl pkey\"",
			file->path);
	else if (out->key == NULL)
		err_list_add(why, file->place,
			"tls: %s: found no private key (%s), wanted one in PEM", file->path,
			openssl_reason());
	ERR_clear_error();
	return out->key != NULL;
}

/* ---- checks --------------------------------------------------------------------------------- */

static double seconds_to(const ASN1_TIME *time)
{
	int days = 0, seconds = 0;

	ASN1_TIME_diff(&days, &seconds, NULL, time);
	return days * 86400.0 + seconds;
}

double tls_certificate_left(const struct tls_certificate *certificate)
{
	return seconds_to(X509_get0_notAfter(certificate->leaf));
}

static bool check_time(const struct tls_certificate *certificate, const struct tls_file *file,
	struct err_list *why)
{
	struct arena arena = {0};
	size_t already = why->count;

	if (tls_certificate_left(certificate) <= 0)
		err_list_add(why, file->place,
			"tls: %s: the certificate has expired at %s: renew it", file->path,
			tls_peer_time(X509_get0_notAfter(certificate->leaf), &arena).ptr);
	else if (seconds_to(X509_get0_notBefore(certificate->leaf)) > 0)
		err_list_add(why, file->place,
			"tls: %s: the certificate is not valid before %s: look at the clock, or "
			"use the one of today",
			file->path,
			tls_peer_time(X509_get0_notBefore(certificate->leaf), &arena).ptr);
	arena_fini(&arena);
	return why->count == already;
}

static bool check_match(const struct tls_certificate *certificate, const struct tls_pair *pair,
	struct err_list *why)
{
	bool is_match = X509_check_private_key(certificate->leaf, certificate->key) == 1;

	ERR_clear_error();
	if (!is_match)
		err_list_add(why, pair->key.place,
			"tls: %s: found the key of another certificate than %s: give the two that "
			"were made together",
			pair->key.path, pair->certificate.path);
	return is_match;
}

/* ---- names ---------------------------------------------------------------------------------- */

static char **copy_hosts(const char *const *hosts)
{
	size_t count = 0;
	char **out;

	if (hosts == NULL)
		return NULL;
	while (hosts[count] != NULL)
		count++;
	out = xcalloc(count + 1, sizeof(*out));
	for (size_t i = 0; i < count; i++)
		out[i] = xstrdup(hosts[i]);
	return out;
}

/* "*.example.org" is for "a.example.org", and neither for "a.b.example.org" nor "example.org". */
static bool is_for_host(const char *host, const char *name, bool by_wildcard)
{
	struct span rest = span_of(name);
	size_t dot = span_find(rest, '.');

	if (strncmp(host, "*.", 2) != 0)
		return !by_wildcard && span_equal_nocase(span_of(host), rest);
	return by_wildcard && dot > 0 && dot < rest.len &&
	       span_equal_nocase(span_of(host + 1), span_from(rest, dot));
}

bool tls_certificate_is_for(
	const struct tls_certificate *certificate, const char *name, bool by_wildcard)
{
	unsigned flags = by_wildcard ? 0 : X509_CHECK_FLAG_NO_WILDCARDS;

	if (certificate->hosts == NULL)
		return X509_check_host(certificate->leaf, name, 0, flags, NULL) == 1;
	for (char **host = certificate->hosts; *host != NULL; host++)
		if (is_for_host(*host, name, by_wildcard))
			return true;
	return false;
}

/* ---- life ----------------------------------------------------------------------------------- */

bool tls_certificate_init(struct tls_certificate *out, const struct tls_pair *pair,
	bool wants_valid, struct err_list *why)
{
	size_t already = why->count;
	bool has_both;

	out->path = xstrdup(pair->certificate.path);
	out->hosts = copy_hosts(pair->hosts);
	has_both = read_chain(out, &pair->certificate, why);
	has_both = read_key(out, &pair->key, why) && has_both;
	if (has_both)
		check_match(out, pair, why);
	if (out->leaf != NULL && wants_valid)
		check_time(out, &pair->certificate, why);
	return why->count == already;
}

void tls_certificate_fini(struct tls_certificate *certificate)
{
	X509_free(certificate->leaf);
	sk_X509_pop_free(certificate->chain, X509_free);
	EVP_PKEY_free(certificate->key);
	for (char **host = certificate->hosts; host != NULL && *host != NULL; host++)
		free(*host);
	free(certificate->hosts);
	free(certificate->path);
}
