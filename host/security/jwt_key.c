/*
 * PEM and secrets become keys; signatures are checked with OpenSSL. Knows no claim and no file.
 * Called by jwt.c (signatures) and security.c (keys). SPDX-License-Identifier: MIT
 */
#include "security/jwt_key.h"

#include <assert.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/xalloc.h"

struct jwt_key {
	char *kid;     /* NULL: none */
	EVP_PKEY *pem; /* NULL: a secret */
	char *secret;
	size_t secret_len;
	unsigned algs; /* that it serves, of those allowed */
};

enum { HMAC_ALGS = 1 << JWT_HS256 | 1 << JWT_HS384 | 1 << JWT_HS512, P256_HALF = 32 };

static const size_t hash_sizes[JWT_ALG_COUNT] = {
#define ROW(token, name, bytes) bytes,
	JWT_ALGS(ROW)
#undef ROW
};

static const EVP_MD *hash_of(enum jwt_alg alg)
{
	switch (alg) {
	case JWT_HS384:
		return EVP_sha384();
	case JWT_HS512:
		return EVP_sha512();
	case JWT_EDDSA:
		return NULL; /* hashes by itself */
	default:
		return EVP_sha256();
	}
}

/* ---- loading ---------------------------------------------------------------------------- */

static bool holds(struct span bytes, const char *text)
{
	return bytes.len > 0 && memmem(bytes.ptr, bytes.len, text, strlen(text)) != NULL;
}

/* Public keys that would pass for secrets, and private ones that should not be here. */
static bool is_refused_form(struct span bytes, struct err *why)
{
	static const struct {
		const char *mark;
		bool is_at_start;
		const char *text; /* NULL: welcome */
	} forms[] = {
		{"PRIVATE KEY-----", false,
			"found a private key, wanted its public half: make it with openssl pkey "
			"-pubout"},
		{"-----BEGIN PUBLIC KEY-----", false, NULL},
		{"-----BEGIN CERTIFICATE-----", false, NULL},
		{"-----BEGIN ", false,
			"found a PEM text that is neither a public key nor a certificate: make one "
			"with openssl pkey -pubout"},
		{"ssh-", true, "found an OpenSSH key, wanted PEM: ssh-keygen -e -m PKCS8"},
		{"ecdsa-sha2-", true, "found an OpenSSH key, wanted PEM: ssh-keygen -e -m PKCS8"},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!(forms[i].is_at_start ? span_starts(bytes, span_of(forms[i].mark))
					   : holds(bytes, forms[i].mark)))
			continue;
		if (forms[i].text != NULL)
			err_set(why, ERR_INTERNAL, "%s", forms[i].text);
		return forms[i].text != NULL;
	}
	return false;
}

static EVP_PKEY *read_pem(struct span bytes)
{
	/* Given with the text: else an encrypted one would have OpenSSL ask the terminal. */
	char password[] = "";
	BIO *bio = BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
	EVP_PKEY *key = NULL;
	X509 *certificate;

	if (holds(bytes, "-----BEGIN CERTIFICATE-----")) {
		certificate = PEM_read_bio_X509(bio, NULL, NULL, password);
		key = certificate == NULL ? NULL : X509_get_pubkey(certificate);
		X509_free(certificate);
	} else {
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, password);
	}
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static bool is_p256(const EVP_PKEY *key)
{
	char group[40];
	size_t len;

	return EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

/* What the key is for, 0 after a complaint. */
static unsigned algs_of_pem(const EVP_PKEY *key, struct err *why)
{
	if (EVP_PKEY_is_a(key, "RSA")) {
		if (EVP_PKEY_get_bits(key) >= JWT_RSA_BITS_MIN)
			return 1u << JWT_RS256;
		err_set(why, ERR_INTERNAL,
			"found an RSA key of %d bits, wanted at least %d: make a new one",
			EVP_PKEY_get_bits(key), JWT_RSA_BITS_MIN);
	} else if (EVP_PKEY_is_a(key, "EC")) {
		if (is_p256(key))
			return 1u << JWT_ES256;
		err_set(why, ERR_INTERNAL,
			"found a key on another curve, wanted P-256 for ES256: make a new one");
	} else if (EVP_PKEY_is_a(key, "ED25519")) {
		return 1u << JWT_EDDSA;
	} else {
		err_set(why, ERR_INTERNAL,
			"found a public key that is neither RSA, EC nor Ed25519: make one of "
			"these");
	}
	return 0;
}

/* "RS256", or "HS256, HS512" */
static void list_algs(char *out, size_t size, unsigned algs)
{
	size_t len = 0;

	out[0] = '\0';
	for (int alg = 0; alg < JWT_ALG_COUNT && len < size; alg++)
		if ((algs >> alg & 1) != 0)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : ", ",
				jwt_alg_name((enum jwt_alg)alg));
}

static bool load_pem(struct jwt_key *key, struct span bytes, unsigned algs, struct err *why)
{
	unsigned serves;
	char wanted[64];

	key->pem = read_pem(bytes);
	if (key->pem == NULL) {
		err_set(why, ERR_INTERNAL,
			"the PEM text cannot be read: see that it is whole, from -----BEGIN to "
			"-----END");
		return false;
	}
	serves = algs_of_pem(key->pem, why);
	key->algs = serves & algs;
	if (serves != 0 && key->algs == 0) {
		list_algs(wanted, sizeof(wanted), algs);
		err_set(why, ERR_INTERNAL,
			"found a public key for %s, but algorithms has only %s: add it there",
			jwt_alg_name(serves == 1u << JWT_RS256   ? JWT_RS256
				     : serves == 1u << JWT_ES256 ? JWT_ES256
								 : JWT_EDDSA),
			wanted);
	}
	return key->algs != 0;
}

static bool load_secret(struct jwt_key *key, struct span bytes, unsigned algs, struct err *why)
{
	char wanted[64];

	key->algs = algs & HMAC_ALGS;
	if (key->algs == 0) {
		list_algs(wanted, sizeof(wanted), algs);
		err_set(why, ERR_INTERNAL, "found no PEM text, wanted the public key for %s",
			wanted);
		return false;
	}
	for (int alg = 0; alg < JWT_ALG_COUNT; alg++) {
		if ((key->algs >> alg & 1) == 0 || bytes.len >= hash_sizes[alg])
			continue;
		err_set(why, ERR_INTERNAL,
			"found a secret of %zu bytes, wanted at least %zu for %s: make one with "
			"openssl rand -hex %zu",
			bytes.len, hash_sizes[alg], jwt_alg_name((enum jwt_alg)alg),
			hash_sizes[alg]);
		return false;
	}
	key->secret = memcpy(xmalloc(bytes.len), bytes.ptr, bytes.len);
	key->secret_len = bytes.len;
	return true;
}

struct jwt_key *jwt_key_new(struct span bytes, const char *kid, unsigned algs, struct err *why)
{
	struct jwt_key *key;
	bool ok;

	if (is_refused_form(bytes, why))
		return NULL;
	key = xcalloc(1, sizeof(*key));
	if (holds(bytes, "-----BEGIN "))
		ok = load_pem(key, bytes, algs, why);
	else
		ok = load_secret(key, bytes, algs, why);
	if (!ok) {
		jwt_key_free(key);
		return NULL;
	}
	key->kid = kid == NULL ? NULL : xstrdup(kid);
	return key;
}

void jwt_key_free(struct jwt_key *key)
{
	if (key == NULL)
		return;
	if (key->secret != NULL)
		OPENSSL_cleanse(key->secret, key->secret_len);
	free(key->secret);
	EVP_PKEY_free(key->pem);
	free(key->kid);
	free(key);
}

bool jwt_key_serves(const struct jwt_key *key, enum jwt_alg alg)
{
	return (key->algs >> alg & 1) != 0;
}

bool jwt_key_takes_kid(const struct jwt_key *key, struct span kid)
{
	return key->kid == NULL || kid.ptr == NULL || span_equal(span_of(key->kid), kid);
}

/* ---- checking --------------------------------------------------------------------------- */

static bool verify_hmac(
	const struct jwt_key *key, enum jwt_alg alg, struct span text, struct span signature)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	/* Without memory it fails and leaves len 0, which an empty signature must not match. */
	return HMAC(hash_of(alg), key->secret, (int)key->secret_len,
		       (const unsigned char *)text.ptr, text.len, mac, &len) != NULL &&
	       len == signature.len && CRYPTO_memcmp(mac, signature.ptr, len) == 0;
}

/* RFC 7518 section 3.4 has both numbers in full length, OpenSSL wants DER. NULL: not so. */
static unsigned char *der_of_raw(struct span signature, size_t *len)
{
	const unsigned char *raw = (const unsigned char *)signature.ptr;
	unsigned char *der = NULL;
	ECDSA_SIG *numbers;
	int size;

	if (signature.len != 2 * (size_t)P256_HALF)
		return NULL;
	numbers = ECDSA_SIG_new();
	ECDSA_SIG_set0(numbers, BN_bin2bn(raw, P256_HALF, NULL),
		BN_bin2bn(raw + P256_HALF, P256_HALF, NULL));
	size = i2d_ECDSA_SIG(numbers, &der);
	ECDSA_SIG_free(numbers);
	*len = size < 0 ? 0 : (size_t)size;
	return der;
}

static bool verify_pem(
	const struct jwt_key *key, enum jwt_alg alg, struct span text, struct span signature)
{
	const unsigned char *bytes = (const unsigned char *)signature.ptr;
	unsigned char *der = NULL;
	size_t len = signature.len;
	EVP_MD_CTX *ctx;
	bool ok;

	if (alg == JWT_ES256) {
		der = der_of_raw(signature, &len);
		if (der == NULL)
			return false;
		bytes = der;
	}
	ctx = EVP_MD_CTX_new();
	/* RSA is PKCS #1 v1.5 unless asked for otherwise, as RS256 is. */
	ok = EVP_DigestVerifyInit(ctx, NULL, hash_of(alg), NULL, key->pem) == 1 &&
	     EVP_DigestVerify(ctx, bytes, len, (const unsigned char *)text.ptr, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	/* Failures leave a queue of their own, which nobody reads. */
	ERR_clear_error();
	return ok;
}

bool jwt_key_verify(
	const struct jwt_key *key, enum jwt_alg alg, struct span text, struct span signature)
{
	assert(jwt_key_serves(key, alg));
	return key->pem == NULL ? verify_hmac(key, alg, text, signature)
				: verify_pem(key, alg, text, signature);
}
