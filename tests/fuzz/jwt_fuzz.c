/*
 * Tokens of any header and claims, signed with the right key, signed with another, or not at all:
 * only the first may pass, what passes keeps the rules by a second look, and no line for the log
 * shows a part of a token. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "security/jwt.h"
#include "base/utf8.h"

enum { NOW = 1000, LEEWAY_S = 5, TEXT_MAX = 20000 };

static const char right_secret[] = "the secret that the host has, 38 bytes";
static const char wrong_secret[] = "the secret that somebody else made up!";

struct text {
	char bytes[TEXT_MAX];
	size_t len;
};

static void put(struct text *text, const char *bytes, size_t len)
{
	if (len > TEXT_MAX - text->len)
		len = TEXT_MAX - text->len;
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void put_base64url(struct text *text, struct span bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, pending = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = (bits & 0xff) << 8 | (unsigned char)bytes.ptr[i];
		for (pending += 8; pending >= 6; pending -= 6)
			put(text, &digits[bits >> (pending - 6) & 63], 1);
	}
	if (pending > 0)
		put(text, &digits[bits << (6 - pending) & 63], 1);
}

/* What an author of tokens may write, out of a few bytes; the rest as it is. */
static void put_json(struct text *text, struct span script, bool is_header)
{
	static const char *const claims[] = {"\"exp\":1001", "\"exp\":995.5", "\"exp\":1e300",
		"\"exp\":\"x\"", "\"nbf\":1006", "\"nbf\":-1", "\"iat\":1004", "\"aud\":\"a\"",
		"\"aud\":[\"b\",\"a\"]", "\"aud\":[1]", "\"iss\":\"i\"", "\"sub\":\"s\"",
		"\"x\":[true,1,\"\\u00e9\"]", "\"x\":{}", "\"iat\":1006", "\"sub\":\"t\""};
	static const char *const header[] = {"\"alg\":\"HS256\"", "\"alg\":\"none\"",
		"\"alg\":\"HS512\"", "\"kid\":\"k\"", "\"kid\":\"z\"", "\"crit\":[]",
		"\"typ\":\"JWT\"", "\"alg\":1"};

	put(text, "{", 1);
	for (size_t i = 0; i < script.len && i < 12; i++) {
		unsigned byte = (unsigned char)script.ptr[i];
		const char *member = is_header ? header[byte % 8] : claims[byte % 16];

		put(text, ",", i > 0);
		put(text, member, strlen(member));
		if (byte >= 0xf0)
			put(text, script.ptr + i, script.len - i);
	}
	put(text, "}", 1);
}

static void make_token(struct text *token, struct fuzz_input *input)
{
	struct span rest = fuzz_rest(input), script;
	struct text *json = calloc(1, sizeof(*json));
	unsigned char mac[EVP_MAX_MD_SIZE];
	const char *secret = input->chops[0] % 8 == 1 ? wrong_secret : right_secret;
	unsigned len = 0;

	fuzz_assert(json != NULL);
	script = span_cut(&rest, '\n');
	if (input->chops[1] % 4 == 0)
		put(json, "{\"alg\":\"HS256\"}", 15);
	else
		put_json(json, script, true);
	put_base64url(token, (struct span){json->bytes, json->len});
	put(token, ".", 1);
	json->len = 0;
	put_json(json, rest, false);
	put_base64url(token, (struct span){json->bytes, json->len});
	HMAC(EVP_sha256(), secret, sizeof(right_secret) - 1, (unsigned char *)token->bytes,
		token->len, mac, &len);
	put(token, ".", 1);
	put_base64url(token, (struct span){(char *)mac, len});
	free(json);
}

static double claim_number(const struct claims *claims, const char *name, double otherwise)
{
	const struct claim *claim = claims_find(claims, name);

	return claim == NULL ? otherwise : strtod(claim->texts[0].ptr, NULL);
}

/* The rules again, from what came out. */
static void check_passed(const struct jwt_token *token)
{
	const struct claim *audience = claims_find(&token->claims, "aud");
	bool is_meant = false;

	fuzz_assert(claim_number(&token->claims, "exp", 1e9) > NOW - LEEWAY_S);
	fuzz_assert(claim_number(&token->claims, "nbf", 0) <= NOW + LEEWAY_S);
	fuzz_assert(claim_number(&token->claims, "iat", 0) <= NOW + LEEWAY_S);
	fuzz_assert(audience != NULL);
	for (size_t i = 0; i < audience->count; i++)
		is_meant |= span_equal(audience->texts[i], SPAN("a"));
	fuzz_assert(is_meant);
	fuzz_assert(token->expires_s == 0 || token->expires_s > NOW);
	for (size_t i = 0; i < token->claims.count; i++) {
		const struct claim *claim = &token->claims.items[i];

		fuzz_assert(claims_find(&token->claims, claim->name) == claim);
		for (size_t k = 0; k < claim->count; k++)
			fuzz_assert(utf8_valid(claim->texts[k]));
	}
}

static void check_log(const struct jwt_token *token, struct span text)
{
	enum { PART = 16 };

	for (size_t i = 0; token->result != JWT_OK && i + PART <= text.len && i < 200; i++)
		fuzz_assert(memmem(token->log_text, strlen(token->log_text), text.ptr + i, PART) ==
			    NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const audiences[] = {"a", NULL};
	struct fuzz_input input = fuzz_input(data, size);
	struct text *made = calloc(1, sizeof(*made));
	bool is_raw = input.chops[0] % 8 == 0;
	struct arena arena = {0};
	struct jwt_token token;
	struct jwt_key *key;
	struct jwt_rules rules = {
		.keys = &key, .key_count = 1, .leeway_ms = LEEWAY_S * 1000, .audiences = audiences};
	struct span text = fuzz_rest(&input);
	struct err why;

	fuzz_assert(made != NULL);
	key = jwt_key_new(
		SPAN(right_secret), input.chops[2] % 2 == 0 ? "k" : NULL, 1u << JWT_HS256, &why);
	fuzz_assert(key != NULL);
	if (!is_raw) {
		make_token(made, &input);
		text = (struct span){made->bytes, made->len};
	}
	token = jwt_check(text, &rules, NOW, &arena);
	fuzz_assert(token.result != JWT_OK || (!is_raw && input.chops[0] % 8 != 1));
	if (token.result == JWT_OK)
		check_passed(&token);
	check_log(&token, text);
	jwt_key_free(key);
	free(made);
	arena_fini(&arena);
	fuzz_end(&input);
	return 0;
}
