/*
 * One checker for each kind, in a table; what they have in common is done around them. Answers have
 * FastAPI's texts, and RFC 6750 section 3.1's for tokens that were looked into. Knows no YAML, no
 * session and no plugin. SPDX-License-Identifier: MIT
 */
#include "security/security.h"

#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "security/jwt.h"
#include "base/utf8.h"

struct security {
	enum security_kind kind;
	struct arena arena;         /* owns what follows, but for the next two */
	struct secret_set *secrets; /* NULL: anything passes */
	struct jwt_key **keys;      /* as in jwt.keys, which may not free them */
	struct credential_from *from;
	size_t from_count;
	const char *realm;
	bool is_required;
	unsigned expire_code;
	struct jwt_rules jwt;
};

/* One check. */
struct asked {
	const struct security *security;
	const char *const *scopes;
	int64_t now_s;
	struct arena *arena;
	struct security_answer *out;
};

#define NOT_AUTHENTICATED "Not authenticated"
#define EXPIRED           "The token expired"

/* ---- refusals --------------------------------------------------------------------------- */

/* Of a quoted string (RFC 9110 section 5.6.4); settings hold no control characters. */
static void put_quoted(struct buf *out, const char *text)
{
	buf_append(out, "\"", 1);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_append(out, "\\", 1);
		buf_append(out, text, 1);
	}
	buf_append(out, "\"", 1);
}

static void put_scopes(struct buf *out, const char *const *scopes)
{
	struct buf joined = {0};

	for (size_t i = 0; scopes[i] != NULL; i++)
		buf_printf(&joined, "%s%s", i == 0 ? "" : " ", scopes[i]);
	buf_append(&joined, "", 1);
	put_quoted(out, joined.data);
	buf_fini(&joined);
}

static const char *keep(struct buf *text, struct arena *arena)
{
	const char *copy = arena_text(arena, text->data, text->len);

	buf_fini(text);
	return copy;
}

/* What to answer when nothing, or nothing of the right form, was given. */
static const char *plain_challenge(const struct asked *asked)
{
	const struct security *security = asked->security;
	bool has_scopes = asked->scopes != NULL && asked->scopes[0] != NULL;
	struct buf text = {0};

	if (security->kind == SECURITY_API_KEY)
		return "APIKey";
	if (security->kind == SECURITY_BASIC && security->realm == NULL)
		return "Basic";
	if (security->kind == SECURITY_BASIC) {
		buf_printf(&text, "Basic realm=");
		put_quoted(&text, security->realm);
	} else {
		buf_printf(&text, "Bearer");
		if (has_scopes && security->kind != SECURITY_BEARER) {
			buf_printf(&text, " scope=");
			put_scopes(&text, asked->scopes);
		}
	}
	return keep(&text, asked->arena);
}

/* These return false, so that it can be returned. */
static bool refuse(struct asked *asked, const char *detail, const char *challenge, const char *log)
{
	asked->out->status = 401;
	asked->out->close_code = 4401;
	asked->out->detail = detail;
	asked->out->www_authenticate = challenge;
	asked->out->log_text = log;
	return false;
}

static bool refuse_plain(struct asked *asked, const char *log)
{
	return refuse(asked, NOT_AUTHENTICATED, plain_challenge(asked), log);
}

static bool refuse_token(
	struct asked *asked, const char *detail, const char *description, const char *log)
{
	const char *challenge = arena_printf(asked->arena,
		"Bearer error=\"invalid_token\", error_description=\"%s\"", description);

	return refuse(asked, detail, challenge, log);
}

static bool refuse_scope(struct asked *asked, const char *missing)
{
	struct buf text = {0};

	buf_printf(&text, "Bearer error=\"insufficient_scope\", scope=");
	put_scopes(&text, asked->scopes);
	refuse(asked, "Not enough permissions", keep(&text, asked->arena),
		arena_printf(asked->arena, "token without the scope %s", missing));
	asked->out->status = 403;
	asked->out->close_code = 4403;
	return false;
}

/* ---- kinds ------------------------------------------------------------------------------ */

static void give_claims(
	struct asked *asked, const char *const *names, const struct span *texts, size_t count)
{
	struct claim *items = arena_alloc(asked->arena, count * sizeof(*items));
	struct span *copies = arena_alloc(asked->arena, count * sizeof(*copies));

	for (size_t i = 0; i < count; i++) {
		copies[i] = arena_span(asked->arena, texts[i]);
		items[i] = (struct claim){names[i], &copies[i], 1, false};
	}
	asked->out->claims = (struct claims){items, count};
}

static void give_claim(struct asked *asked, const char *name, struct span text)
{
	give_claims(asked, &name, &text, 1);
}

static bool is_known(const struct asked *asked, struct span given)
{
	const struct secret_set *secrets = asked->security->secrets;

	return secrets == NULL || secret_set_has(secrets, given);
}

static bool check_api_key(struct asked *asked, const struct credential *credential)
{
	if (!is_known(asked, credential->value))
		return refuse_plain(asked, "key that is none of the secrets");
	give_claim(asked, "key", credential->value);
	return true;
}

static bool check_basic(struct asked *asked, const struct credential *credential)
{
	struct credential_basic basic;

	if (!credential_decode_basic(credential, asked->arena, &basic))
		return refuse_plain(asked, "credentials that are no base64 of user:password");
	if (!is_known(asked, basic.both))
		return refuse_plain(asked, "user and password that are none of the secrets");
	give_claims(asked, (const char *const[]){"username", "password"},
		(const struct span[]){basic.username, basic.password}, 2);
	return true;
}

static bool check_bearer(struct asked *asked, const struct credential *credential)
{
	if (!is_known(asked, credential->value))
		return refuse_token(asked, NOT_AUTHENTICATED, "The token is not known",
			"token that is none of the secrets");
	give_claim(asked, "token", credential->value);
	return true;
}

/* Providers say it as one text ("a b", RFC 8693 section 4.2), or as a list. */
static bool has_scope(const struct claims *claims, const char *scope)
{
	static const char *const names[] = {"scope", "scopes", "scp"};

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		const struct claim *claim = claims_find(claims, names[n]);

		for (size_t i = 0; claim != NULL && i < claim->count; i++) {
			struct span rest = claim->texts[i];

			while (rest.ptr != NULL)
				if (span_equal(span_cut(&rest, ' '), span_of(scope)))
					return true;
		}
	}
	return false;
}

static bool check_jwt(struct asked *asked, const struct credential *credential)
{
	const char *const *scope = asked->scopes;
	struct jwt_token token = jwt_check(
		credential->value, &asked->security->jwt, asked->now_s, asked->arena);

	if (token.result != JWT_OK)
		return refuse_token(asked, token.public_text, token.public_text, token.log_text);
	for (; scope != NULL && *scope != NULL; scope++)
		if (!has_scope(&token.claims, *scope))
			return refuse_scope(asked, *scope);
	/* What to answer if that is before the answer to the handshake. */
	if (token.expires_s != 0)
		refuse_token(asked, EXPIRED, EXPIRED, "token that expired");
	asked->out->claims = token.claims;
	asked->out->expires_s = token.expires_s;
	asked->out->expire_code = asked->security->expire_code;
	return true;
}

static const struct {
	const char *name, *scheme, *default_claim;
	bool (*check)(struct asked *asked, const struct credential *credential);
} kinds[SECURITY_KIND_COUNT] = {
	[SECURITY_API_KEY] = {"api_key", "", "key", check_api_key},
	[SECURITY_BASIC] = {"basic", "Basic", "username", check_basic},
	[SECURITY_BEARER] = {"bearer", "Bearer", "token", check_bearer},
	/* Opaque: a provider of a plugin looks into it, and at its scopes. */
	[SECURITY_OAUTH2] = {"oauth2", "Bearer", "token", check_bearer},
	[SECURITY_JWT] = {"jwt", "Bearer", "sub", check_jwt},
};

bool security_check(const struct security *security, const struct security_request *request,
	const char *const *scopes, struct arena *arena, struct security_answer *out)
{
	struct asked asked = {security, scopes, request->now_s, arena, out};

	*out = (struct security_answer){.log_text = ""};
	if (credential_find(&out->found, security->from, security->from_count,
		    kinds[security->kind].scheme, request)) {
		/* Claims are texts, and texts are UTF-8. */
		if (!utf8_valid(out->found.value))
			return refuse_plain(&asked, "credential that is no UTF-8");
		return kinds[security->kind].check(&asked, &out->found);
	}
	out->is_absent = !security->is_required;
	return out->is_absent || refuse_plain(&asked, "no credential");
}

const char *security_default_claim(const struct security *security)
{
	return kinds[security->kind].default_claim;
}

const char *security_kind_name(const struct security *security)
{
	return kinds[security->kind].name;
}

/* ---- settings --------------------------------------------------------------------------- */

static const char *copy_text(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_text(arena, text, strlen(text));
}

static const char *const *copy_list(struct arena *arena, const char *const *list)
{
	size_t count = 0;
	const char **copy;

	if (list == NULL)
		return NULL;
	while (list[count] != NULL)
		count++;
	copy = arena_alloc(arena, (count + 1) * sizeof(const char *));
	for (size_t i = 0; i < count; i++)
		copy[i] = copy_text(arena, list[i]);
	return copy;
}

static void load_key(struct security *security, const struct security_key *from, unsigned algs,
	struct err_list *why)
{
	struct secret secret = {0};
	struct jwt_key *key;
	struct err err;

	if (secret_read(&secret, &from->source, why)) {
		key = jwt_key_new((struct span){secret.bytes, secret.len}, from->kid, algs, &err);
		if (key == NULL)
			err_list_add(why, from->source.place, "key: %s", err.text);
		else
			security->keys[security->jwt.key_count++] = key;
	}
	secret_fini(&secret);
}

/* An algorithm without a key would be a promise that no token can take up. */
static void check_algorithm(const struct security *security, enum jwt_alg alg,
	const struct security_input *input, struct err_list *why)
{
	for (size_t i = 0; i < security->jwt.key_count; i++)
		if (jwt_key_serves(security->keys[i], alg))
			return;
	err_list_add(why, input->place,
		"algorithms has %s, but no key is for it: add one, or take it away",
		jwt_alg_name(alg));
}

static void load_jwt(
	struct security *security, const struct security_input *input, struct err_list *why)
{
	size_t already = why->count;
	unsigned algs = 0;

	security->jwt = (struct jwt_rules){
		.leeway_ms = input->leeway_ms,
		.audiences = copy_list(&security->arena, input->audiences),
		.issuer = copy_text(&security->arena, input->issuer),
		.required_claims = copy_list(&security->arena, input->required_claims),
	};
	security->keys = xcalloc(input->key_count + 1, sizeof(struct jwt_key *));
	security->jwt.keys = security->keys;
	/* config/ has complained; whether the others fit nothing says nothing. */
	if (input->algorithm_count == 0 || input->key_count == 0)
		return;
	for (size_t i = 0; i < input->algorithm_count; i++)
		algs |= 1u << input->algorithms[i];
	for (size_t i = 0; i < input->key_count; i++)
		load_key(security, &input->keys[i], algs, why);
	for (size_t i = 0; i < input->algorithm_count && why->count == already; i++)
		check_algorithm(security, input->algorithms[i], input, why);
}

struct security *security_new(const struct security_input *input, struct err_list *why)
{
	struct security *security = xcalloc(1, sizeof(*security));
	size_t already = why->count;

	security->kind = input->kind;
	security->is_required = input->is_required;
	security->expire_code = input->expire_code;
	security->realm = copy_text(&security->arena, input->realm);
	security->from_count = input->from_count;
	security->from = arena_alloc(
		&security->arena, (input->from_count + 1) * sizeof(*security->from));
	for (size_t i = 0; i < input->from_count; i++)
		security->from[i] = (struct credential_from){
			input->from[i].place, copy_text(&security->arena, input->from[i].name)};
	if (input->secret_count > 0)
		security->secrets = secret_set_new(input->secrets, input->secret_count,
			input->kind == SECURITY_BASIC ? ':' : '\0', why);
	if (input->kind == SECURITY_JWT)
		load_jwt(security, input, why);
	if (why->count == already)
		return security;
	security_free(security);
	return NULL;
}

void security_free(struct security *security)
{
	if (security == NULL)
		return;
	for (size_t i = 0; i < security->jwt.key_count; i++)
		jwt_key_free(security->keys[i]);
	free(security->keys);
	secret_set_free(security->secrets);
	arena_fini(&security->arena);
	free(security);
}
