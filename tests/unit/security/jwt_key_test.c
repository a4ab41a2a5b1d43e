/*
 * A key serves the algorithms it is for and no other, and what is no such key is refused with a
 * text that says what to do and holds nothing of it. SPDX-License-Identifier: MIT
 */
#include "key_file.h"

#include "security/jwt_key.h"

enum {
	HS256 = 1 << JWT_HS256,
	HS384 = 1 << JWT_HS384,
	HS512 = 1 << JWT_HS512,
	RS256 = 1 << JWT_RS256,
	ES256 = 1 << JWT_ES256,
	EDDSA = 1 << JWT_EDDSA,
};

/* As the load of one key ends: "HS256 HS512", or the complaint. */
static const char *load(char *out, size_t size, struct span bytes, unsigned algs)
{
	struct err why;
	struct jwt_key *key = jwt_key_new(bytes, NULL, algs, &why);

	out[0] = '\0';
	if (key == NULL)
		snprintf(out, size, "%s", why.text);
	for (int alg = 0; key != NULL && alg < JWT_ALG_COUNT; alg++)
		if (jwt_key_serves(key, (enum jwt_alg)alg))
			snprintf(out + strlen(out), size - strlen(out), "%s%s",
				out[0] == '\0' ? "" : " ", jwt_alg_name((enum jwt_alg)alg));
	jwt_key_free(key);
	return out;
}

static void files_serve_what_they_are_for(void **state)
{
	static const struct {
		const char *file;
		unsigned algs;
		const char *wanted;
	} rows[] = {
		{"secret_64.txt", HS256 | HS512 | RS256, "HS256 HS512"},
		{"secret_48.txt", HS256 | HS384, "HS256 HS384"},
		{"secret_48.txt", HS256 | HS512,
			"found a secret of 48 bytes, wanted at least 64 for HS512: make one with "
			"openssl rand -hex 64"},
		{"secret_64.txt", RS256 | EDDSA,
			"found no PEM text, wanted the public key for RS256, EdDSA"},
		{"rfc7515_a2_rsa.pem", RS256 | HS256, "RS256"},
		{"rsa_certificate.pem", RS256 | HS256, "RS256"},
		{"rfc7515_a2_rsa.pem", HS256,
			"found a public key for RS256, but algorithms has only HS256: add it "
			"there"},
		{"rfc7515_a3_ec.pem", ES256 | RS256, "ES256"},
		{"rfc7515_a3_ec.pem", RS256 | HS512,
			"found a public key for ES256, but algorithms has only HS512, RS256: add "
			"it there"},
		{"rfc8037_a_ed25519.pem", EDDSA | HS256, "EdDSA"},
		{"rsa_1024.pem", RS256,
			"found an RSA key of 1024 bits, wanted at least 2048: make a new one"},
		{"ec_p384.pem", ES256,
			"found a key on another curve, wanted P-256 for ES256: make a new one"},
		{"x25519.pem", EDDSA,
			"found a public key that is neither RSA, EC nor Ed25519: make one of "
			"these"},
	};
	char found[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret file = key_file_read(rows[i].file);

		load(found, sizeof(found), (struct span){file.bytes, file.len}, rows[i].algs);
		if (strcmp(found, rows[i].wanted) != 0)
			fail_msg("%s:\n  found:  %s\n  wanted: %s", rows[i].file, found,
				rows[i].wanted);
		secret_fini(&file);
	}
}

static void other_texts_are_no_keys(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"-----BEGIN X509 CRL-----\nMC4CAQAw",
			"found a PEM text that is neither a public key nor a certificate: make one "
			"with openssl pkey -pubout"},
		{"-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----",
			"found a private key, wanted its public half: make it with openssl pkey "
			"-pubout"},
		{"# mine\n-----BEGIN RSA PRIVATE KEY-----\n",
			"found a private key, wanted its public half: make it with openssl pkey "
			"-pubout"},
		{"-----BEGIN PUBLIC KEY-----\nMIIB",
			"the PEM text cannot be read: see that it is whole, from -----BEGIN to "
			"-----END"},
		{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
			"the PEM text cannot be read: see that it is whole, from -----BEGIN to "
			"-----END"},
		{"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
		 "AES-128-CBC,00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		 "A\n-----END CERTIFICATE-----\n",
			"the PEM text cannot be read: see that it is whole, from -----BEGIN to "
			"-----END"},
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@here",
			"found an OpenSSH key, wanted PEM: ssh-keygen -e -m PKCS8"},
		{"ecdsa-sha2-nistp256 AAAA",
			"found an OpenSSH key, wanted PEM: ssh-keygen -e -m PKCS8"},
		{"hunter2",
			"found a secret of 7 bytes, wanted at least 32 for HS256: make one with "
			"openssl rand -hex 32"},
	};
	char found[300];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			load(found, sizeof(found), span_of(rows[i].text), HS256 | RS256 | EDDSA),
			rows[i].wanted);
}

static void a_kid_limits_a_key(void **state)
{
	static const char secret[] = "32 bytes of a secret, or a little more";
	struct err why;
	struct jwt_key *named = jwt_key_new(SPAN(secret), "k1", HS256, &why);
	struct jwt_key *other = jwt_key_new(SPAN(secret), NULL, HS256, &why);

	(void)state;
	assert_true(jwt_key_takes_kid(named, SPAN("k1")));
	assert_false(jwt_key_takes_kid(named, SPAN("k")));
	assert_false(jwt_key_takes_kid(named, SPAN("")));
	assert_true(jwt_key_takes_kid(named, (struct span){NULL, 0}));
	assert_true(jwt_key_takes_kid(other, SPAN("k1")));
	jwt_key_free(named);
	jwt_key_free(other);
}

/* The payload of RFC 8037 A.4 is no token's, so its signature is also checked here, byte by byte.
 */
static void one_changed_bit_breaks_a_signature(void **state)
{
	static const char text[] = "eyJhbGciOiJFZERTQSJ9."
				   "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
	char hex[] = "860c98d2297f3060a33f42739672d61b53cf3adefed3d3c672f320dc021b411e"
		     "9d59b8628dc351e248b88b29468e0e41855b0fb7d83bb15be902bfccb8cd0a02";
	struct secret file = key_file_read("rfc8037_a_ed25519.pem");
	struct span signature = table_unhex(hex);
	struct err why;
	struct jwt_key *key = jwt_key_new((struct span){file.bytes, file.len}, NULL, EDDSA, &why);

	(void)state;
	assert_non_null(key);
	assert_true(jwt_key_verify(key, JWT_EDDSA, SPAN(text), signature));
	for (size_t i = 0; i < 8 * signature.len; i++) {
		hex[i / 8] = (char)(hex[i / 8] ^ 1 << i % 8);
		assert_false(jwt_key_verify(key, JWT_EDDSA, SPAN(text), signature));
		hex[i / 8] = (char)(hex[i / 8] ^ 1 << i % 8);
	}
	signature.len--;
	assert_false(jwt_key_verify(key, JWT_EDDSA, SPAN(text), signature));
	jwt_key_free(key);
	secret_fini(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_serve_what_they_are_for),
		cmocka_unit_test(other_texts_are_no_keys),
		cmocka_unit_test(a_kid_limits_a_key),
		cmocka_unit_test(one_changed_bit_breaks_a_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
