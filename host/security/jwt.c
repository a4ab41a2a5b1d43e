/*
 * First shape and header, then the signature, then claims: nothing that an unsigned token says is
 * believed, beyond which of the allowed algorithms and keys to try. Knows no request.
 * Called by security.c. SPDX-License-Identifier: MIT
 */
#include "security/jwt.h"

#include <math.h>
#include <string.h>

#include "security/jwt_claims.h"
#include "wire/base64.h"

struct check {
	const struct jwt_rules *rules;
	int64_t now_s;
	struct arena *arena;
	struct jwt_token *out;
	struct span text, header, payload, signature; /* parts of text, still encoded */
	enum jwt_alg alg;
	struct span kid;      /* ptr NULL: none */
	const json_t *claims; /* of a token whose signature is right */
};

static const char *const public_texts[] = {
#define ROW(token, text) text,
	JWT_RESULTS(ROW)
#undef ROW
};

/* Always false, so that it can be returned. */
static bool __attribute__((format(printf, 3, 4)))
refuse(struct check *check, enum jwt_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	check->out->log_text = arena_vprintf(check->arena, format, args);
	va_end(args);
	check->out->result = result;
	check->out->public_text = public_texts[result];
	return false;
}

/* ---- shape and header ------------------------------------------------------------------- */

static bool cut_parts(struct check *check)
{
	struct span rest = check->text;
	size_t dots = 0;

	if (check->text.len > JWT_TOKEN_MAX)
		return refuse(check, JWT_TOO_LONG, "token of %zu bytes, at most %d are read",
			check->text.len, JWT_TOKEN_MAX);
	for (size_t i = 0; i < check->text.len; i++)
		dots += check->text.ptr[i] == '.';
	if (dots != 2)
		return refuse(check, JWT_BAD_SHAPE, "token with %zu parts, wanted 3 between dots",
			dots + 1);
	check->header = span_cut(&rest, '.');
	check->payload = span_cut(&rest, '.');
	check->signature = rest;
	return true;
}

/* The key's name is optional, but a text. */
static bool read_kid(struct check *check, const json_t *header)
{
	const json_t *kid = json_object_get(header, "kid");

	if (kid == NULL)
		return true;
	if (!json_is_string(kid))
		return refuse(check, JWT_BAD_HEADER, "token with a kid that is no text");
	check->kid = arena_span(
		check->arena, (struct span){json_string_value(kid), json_string_length(kid)});
	return true;
}

static bool read_alg(struct check *check, const json_t *header)
{
	const char *name = json_string_value(json_object_get(header, "alg"));

	if (name == NULL)
		return refuse(check, JWT_BAD_HEADER, "token without a text as alg");
	if (strcmp(name, "none") == 0)
		return refuse(check, JWT_ALG_REFUSED, "token without a signature (alg none)");
	if (!jwt_alg_find(span_of(name), &check->alg))
		return refuse(check, JWT_ALG_REFUSED, "token with an unknown alg");
	for (size_t i = 0; i < check->rules->key_count; i++)
		if (jwt_key_serves(check->rules->keys[i], check->alg))
			return true;
	return refuse(check, JWT_ALG_REFUSED, "token with alg %s, which is not allowed here",
		jwt_alg_name(check->alg));
}

static bool read_header(struct check *check)
{
	struct span bytes;
	json_t *header;
	bool ok;

	if (!base64_decode_url(check->header, check->arena, &bytes))
		return refuse(check, JWT_BAD_BASE64, "token whose header is no base64url");
	header = jwt_claims_parse(bytes);
	if (header == NULL)
		return refuse(check, JWT_BAD_HEADER,
			"token whose header is no JSON object, or has a key twice");
	if (json_object_get(header, "crit") != NULL)
		ok = refuse(check, JWT_CRITICAL, "token that needs an extension (crit)");
	else
		ok = read_alg(check, header) && read_kid(check, header);
	json_decref(header);
	return ok;
}

/* ---- signature -------------------------------------------------------------------------- */

static bool check_signature(struct check *check)
{
	struct span text = {check->text.ptr, check->header.len + 1 + check->payload.len};
	const struct jwt_rules *rules = check->rules;
	struct span signature;
	size_t tried = 0;

	if (!base64_decode_url(check->signature, check->arena, &signature))
		return refuse(check, JWT_BAD_BASE64, "token whose signature is no base64url");
	for (size_t i = 0; i < rules->key_count; i++) {
		if (!jwt_key_serves(rules->keys[i], check->alg) ||
			!jwt_key_takes_kid(rules->keys[i], check->kid))
			continue;
		if (jwt_key_verify(rules->keys[i], check->alg, text, signature))
			return true;
		tried++;
	}
	if (tried == 0)
		return refuse(check, JWT_KEY_UNKNOWN, "token with a kid that no key for %s has",
			jwt_alg_name(check->alg));
	return refuse(check, JWT_BAD_SIGNATURE, "token whose %s signature fits none of %zu key%s",
		jwt_alg_name(check->alg), tried, tried == 1 ? "" : "s");
}

/* ---- claims ----------------------------------------------------------------------------- */

/* A NumericDate: fractions are allowed (RFC 7519 section 2). *is_there is set. */
static bool read_time(struct check *check, const char *name, double *out, bool *is_there)
{
	const json_t *value = json_object_get(check->claims, name);

	*is_there = value != NULL;
	*out = json_number_value(value);
	return value == NULL || json_is_number(value) ||
	       refuse(check, JWT_BAD_TIME, "token whose %s is no number", name);
}

static bool check_expiry(struct check *check, double now, double leeway)
{
	double time;
	bool is_there;

	if (!read_time(check, "exp", &time, &is_there))
		return false;
	if (!is_there)
		return true;
	if (now >= time + leeway)
		return refuse(check, JWT_EXPIRED, "token expired %.0f s ago", now - time);
	/* Rounded up: a second too late is a leeway, one too early would break the promise. */
	time = ceil(time + leeway);
	check->out->expires_s = time < (double)(INT64_C(1) << 53) ? (int64_t)time : 0;
	return true;
}

static bool check_times(struct check *check)
{
	double now = (double)check->now_s, leeway = (double)check->rules->leeway_ms / 1000.0;
	double time;
	bool is_there;

	if (!check_expiry(check, now, leeway) || !read_time(check, "nbf", &time, &is_there))
		return false;
	if (is_there && now + leeway < time)
		return refuse(check, JWT_NOT_YET, "token is valid only in %.0f s", time - now);
	if (!read_time(check, "iat", &time, &is_there))
		return false;
	if (is_there && now + leeway < time)
		return refuse(check, JWT_ISSUED_LATER, "token was issued %.0f s in the future",
			time - now);
	return true;
}

static bool is_one_of(const json_t *value, const char *const *names)
{
	const char *text = json_string_value(value);

	for (; text != NULL && names != NULL && *names != NULL; names++)
		if (strcmp(text, *names) == 0)
			return true;
	return false;
}

/* RFC 7519 section 4.1.3: who is not meant by an aud must refuse, whoever is configured. */
static bool check_audience(struct check *check)
{
	const json_t *found = json_object_get(check->claims, "aud"), *item;
	const char *const *wanted = check->rules->audiences;
	size_t i;

	if (found == NULL && wanted == NULL)
		return true;
	if (is_one_of(found, wanted))
		return true;
	json_array_foreach((json_t *)found, i, item)
	{
		if (is_one_of(item, wanted))
			return true;
	}
	if (found == NULL)
		return refuse(check, JWT_WRONG_AUDIENCE, "token without aud");
	return refuse(check, JWT_WRONG_AUDIENCE,
		wanted == NULL ? "token with an aud, but the provider has no audience"
			       : "token for another audience");
}

static bool check_issuer(struct check *check)
{
	const char *const wanted[] = {check->rules->issuer, NULL};
	const json_t *found = json_object_get(check->claims, "iss");

	if (wanted[0] == NULL || is_one_of(found, wanted))
		return true;
	return refuse(check, JWT_WRONG_ISSUER, "token %s",
		found == NULL ? "without iss" : "from another issuer");
}

static bool check_required(struct check *check)
{
	const char *const *name = check->rules->required_claims;

	for (; name != NULL && *name != NULL; name++) {
		const json_t *found = json_object_get(check->claims, *name);

		if (found == NULL || json_is_null(found))
			return refuse(
				check, JWT_CLAIM_MISSING, "token without the claim %s", *name);
	}
	return true;
}

static bool check_claims(struct check *check)
{
	struct span bytes;
	json_t *claims;
	bool ok;

	if (!base64_decode_url(check->payload, check->arena, &bytes))
		return refuse(check, JWT_BAD_BASE64, "token whose claims are no base64url");
	claims = jwt_claims_parse(bytes);
	if (claims == NULL)
		return refuse(check, JWT_BAD_CLAIMS,
			"token whose claims are no JSON object, or have a key twice");
	check->claims = claims;
	ok = check_times(check) && check_audience(check) && check_issuer(check) &&
	     check_required(check);
	if (ok)
		check->out->claims = jwt_claims_collect(claims, "token", check->text, check->arena);
	json_decref(claims);
	return ok;
}

struct jwt_token jwt_check(
	struct span text, const struct jwt_rules *rules, int64_t now_s, struct arena *arena)
{
	struct jwt_token token = {.public_text = "", .log_text = ""};
	struct check check = {
		.rules = rules, .now_s = now_s, .arena = arena, .out = &token, .text = text};

	if (cut_parts(&check) && read_header(&check) && check_signature(&check))
		check_claims(&check);
	return token;
}
