/*
 * Each text has one function that reads it. Strings with a NUL inside, which would be read in two
 * ways, count as not there. Called by tls_io.c. SPDX-License-Identifier: MIT
 */
#include "net/tls_peer.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/utf8.h"

static const struct span none = {NULL, 0};

/* ---- pieces --------------------------------------------------------------------------------- */

static struct span text_of_bio(BIO *bio, struct arena *arena)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	struct span text = arena_span(arena, (struct span){data, (size_t)len});

	BIO_free(bio);
	return utf8_valid(text) ? text : none;
}

/* "CN=alice,O=Example": the innermost first, as RFC 4514 has it. */
static struct span read_name(const X509_NAME *name, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	return text_of_bio(bio, arena);
}

static struct span read_string(const ASN1_STRING *string, struct arena *arena)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, string);
	struct span text = none;

	if (len >= 0 && memchr(utf8, '\0', (size_t)len) == NULL)
		text = arena_span(arena, (struct span){(const char *)utf8, (size_t)len});
	OPENSSL_free(utf8);
	return text.ptr != NULL && utf8_valid(text) ? text : none;
}

static struct span read_hex(const unsigned char *bytes, size_t len, struct arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(arena, len * 2 + 1);

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	return (struct span){out, len * 2};
}

struct span tls_peer_time(const ASN1_TIME *time, struct arena *arena)
{
	struct tm utc = {0};

	ASN1_TIME_to_tm(time, &utc);
	return span_of(arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900,
		utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec));
}

/* The first of that kind among the alternative names. */
static struct span read_alternative(const X509 *certificate, int kind, struct arena *arena)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct span text = none;

	for (int i = 0; text.ptr == NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == kind)
			text = read_string(name->d.ia5, arena);
	}
	GENERAL_NAMES_free(names);
	return text;
}

/* ---- the texts ------------------------------------------------------------------------------ */

static struct span read_subject(const X509 *certificate, struct arena *arena)
{
	return read_name(X509_get_subject_name(certificate), arena);
}

static struct span read_common_name(const X509 *certificate, struct arena *arena)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	int i = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

	return i < 0 ? none
		     : read_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)), arena);
}

static struct span read_issuer(const X509 *certificate, struct arena *arena)
{
	return read_name(X509_get_issuer_name(certificate), arena);
}

static struct span read_serial(const X509 *certificate, struct arena *arena)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);

	return read_hex(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial), arena);
}

static struct span read_fingerprint(const X509 *certificate, struct arena *arena)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_digest(certificate, EVP_sha256(), bytes, &len) == 1
		       ? read_hex(bytes, len, arena)
		       : none;
}

static struct span read_not_before(const X509 *certificate, struct arena *arena)
{
	return tls_peer_time(X509_get0_notBefore(certificate), arena);
}

static struct span read_not_after(const X509 *certificate, struct arena *arena)
{
	return tls_peer_time(X509_get0_notAfter(certificate), arena);
}

static struct span read_dns(const X509 *certificate, struct arena *arena)
{
	return read_alternative(certificate, GEN_DNS, arena);
}

static struct span read_email(const X509 *certificate, struct arena *arena)
{
	return read_alternative(certificate, GEN_EMAIL, arena);
}

struct peer_certificate *tls_peer_read(X509 *certificate, struct arena *arena)
{
	static struct span (*const readers[])(const X509 *, struct arena *) = {
#define TEXT(name, example) read_##name,
		PEER_CERTIFICATE_TEXTS(TEXT)
#undef TEXT
	};
	struct peer_certificate *out = arena_alloc(arena, sizeof(*out));

	for (size_t i = 0; i < PEER_CERTIFICATE_COUNT; i++)
		out->texts[i] = readers[i](certificate, arena);
	return out;
}
