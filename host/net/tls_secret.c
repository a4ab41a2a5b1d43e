/*
 * Each secret is a hash of the one before. SPDX-License-Identifier: MIT
 */
#include "net/tls_secret.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

/* A clock that was set by years: those in between are passed over, tickets of before are lost. */
enum { STEPS_MAX = 10000 };

static void derive(
	uint8_t out[TLS_SECRET_BYTES], const uint8_t from[TLS_SECRET_BYTES], const char *what)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const uint8_t *made = HMAC(EVP_sha256(), from, TLS_SECRET_BYTES, (const uint8_t *)what,
		strlen(what), bytes, &len);

	assert(made != NULL && len == TLS_SECRET_BYTES);
	(void)made;
	memcpy(out, bytes, TLS_SECRET_BYTES);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void step(struct tls_secret *secret)
{
	derive(secret->bytes, secret->bytes, "next");
	secret->number++;
}

static void begin(struct tls_secret *secret, uint64_t period_s, uint64_t number)
{
	int ok = secret->period_s > 0 ? 1 : RAND_bytes(secret->bytes, sizeof(secret->bytes));

	/* It fails only where the kernel has no random bytes at all. */
	assert(ok == 1);
	(void)ok;
	secret->period_s = period_s;
	secret->number = number;
}

void tls_secret_turn(struct tls_secret *secret, uint64_t period_s, uint64_t now_s)
{
	uint64_t number;

	assert(period_s > 0);
	number = now_s / period_s;
	number = number > 0 ? number - 1 : 0;
	if (secret->period_s != period_s)
		begin(secret, period_s, number);
	if (number > secret->number + STEPS_MAX)
		secret->number = number - STEPS_MAX;
	while (secret->number < number)
		step(secret);
}

struct tls_ticket_key tls_secret_key(const struct tls_secret *secret, unsigned later)
{
	struct tls_secret at = *secret;
	struct tls_ticket_key key;
	uint8_t name[TLS_SECRET_BYTES];

	while (later-- > 0)
		step(&at);
	derive(name, at.bytes, "name");
	derive(key.aes, at.bytes, "encrypt");
	derive(key.mac, at.bytes, "sign");
	memcpy(key.name, name, sizeof(key.name));
	OPENSSL_cleanse(&at, sizeof(at));
	return key;
}
