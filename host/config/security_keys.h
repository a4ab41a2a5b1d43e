/*
 * The keys of providers that the host itself has: api_key, basic, bearer, oauth2, jwt. Rows as in
 * keys.h, which holds the rest. security_conf.c reads by them. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_SECURITY_KEYS_H
#define SOCKLET_CONFIG_SECURITY_KEYS_H

/* More of KEY_TYPES. */
#define SECURITY_KEY_TYPES(TYPE)                            \
	TYPE(algorithms, "name, or list of them", "")       \
	TYPE(close_code, "number", "")                      \
	TYPE(credential_from, "place, or list of them", "") \
	TYPE(flag, "`true`, `false`", "")                   \
	TYPE(jwt_keys, "key, or list of them", "")          \
	TYPE(secrets, "secret, or list of them", "")        \
	TYPE(security, "section", "")                       \
	TYPE(texts, "text, or list of them", "")            \
	TYPE(variable, "variable of the environment", "")

/* In a provider, instead of PROVIDER_KEYS. */
#define SECURITY_KEYS(ROW)                                                                      \
	ROW(api_key, security, security, NULL, NULL, NULL,                                      \
		"a key in a header, a cookie or the query")                                     \
	ROW(basic, security, security, NULL, NULL, NULL, "user and password, as in HTTP Basic") \
	ROW(bearer, security, security, NULL, NULL, NULL, "a token, as in HTTP Bearer")         \
	ROW(oauth2, security, security, NULL, NULL, NULL,                                       \
		"a token with scopes that a provider of a plugin looks into")                   \
	ROW(jwt, security, security, NULL, NULL, NULL,                                          \
		"a signed token, checked here, with its claims and scopes")

/* Of what a security section is read into: struct security_conf. */
#define SECURITY_FROM_ROW(ROW, sentence) \
	ROW(from, credential_from, from, NULL, NULL, NULL, sentence)
#define SECURITY_SECRETS_ROW(ROW, sentence) \
	ROW(secrets, secrets, secrets, NULL, NULL, NULL, sentence)
#define SECURITY_REQUIRED_ROW(ROW)                           \
	ROW(required, flag, is_required, "true", NULL, NULL, \
		"whether a peer that gives nothing is refused; what is given is checked anyway")

#define API_KEY_KEYS(ROW)                                                                   \
	SECURITY_FROM_ROW(ROW,                                                              \
		"where the key is: `{header: name}`, `{cookie: name}` or `{query: name}`; " \
		"the first that is there counts; required")                                 \
	SECURITY_SECRETS_ROW(ROW, "the keys that are right; without it any is")             \
	SECURITY_REQUIRED_ROW(ROW)

#define BASIC_KEYS(ROW)                                                                          \
	SECURITY_FROM_ROW(ROW, "`header`, `subprotocol` or both; without it both")               \
	ROW(realm, text, realm, NULL, NULL, NULL,                                                \
		"what a browser shows when it asks for the password")                            \
	SECURITY_SECRETS_ROW(ROW, "lines of `user:password` that are right; without it any are") \
	SECURITY_REQUIRED_ROW(ROW)

#define TOKEN_FROM                                                                      \
	"`header` (Authorization), `subprotocol`, `{header: name}`, `{cookie: name}`, " \
	"`{query: name}`; without it `header`, then `subprotocol`"

#define BEARER_KEYS(ROW)                                                          \
	SECURITY_FROM_ROW(ROW, TOKEN_FROM)                                        \
	SECURITY_SECRETS_ROW(ROW, "the tokens that are right; without it any is") \
	SECURITY_REQUIRED_ROW(ROW)

#define OAUTH2_KEYS(ROW)                   \
	SECURITY_FROM_ROW(ROW, TOKEN_FROM) \
	SECURITY_REQUIRED_ROW(ROW)

#define JWT_KEYS(ROW)                                                                          \
	SECURITY_FROM_ROW(ROW, TOKEN_FROM)                                                     \
	ROW(algorithms, algorithms, algorithms, NULL, NULL, NULL,                              \
		"those that are accepted: HS256, HS384, HS512, RS256, ES256, EdDSA; required") \
	ROW(keys, jwt_keys, keys, NULL, NULL, NULL,                                            \
		"what signatures are checked with; each algorithm needs one; required")        \
	ROW(audience, texts, audiences, NULL, NULL, NULL,                                      \
		"who is meant by `aud`; without it a token that has `aud` is refused")         \
	ROW(issuer, text, issuer, NULL, NULL, NULL, "the `iss` that a token must have")        \
	ROW(leeway, duration, leeway_ms, "0", "0", "1h",                                       \
		"how much clocks may differ: for `exp`, `nbf` and `iat`")                      \
	ROW(required_claims, texts, required_claims, NULL, NULL, NULL,                         \
		"claims that a token must have, such as `exp`")                                \
	ROW(expire_code, close_code, expire_code, "4401", "4000", "4999",                      \
		"closes with this when the token expires while connected")                     \
	SECURITY_REQUIRED_ROW(ROW)

/* Where a credential is that has a name. */
#define FROM_KEYS(ROW)                                                      \
	ROW(header, text, header, NULL, NULL, NULL, "the name of a header") \
	ROW(cookie, text, cookie, NULL, NULL, NULL, "the name of a cookie") \
	ROW(query, text, query, NULL, NULL, NULL, "the name of a query parameter")

/* Where a secret is. */
#define SECRET_KEYS(ROW)                                                      \
	ROW(env, variable, env, NULL, NULL, NULL, "a variable that holds it") \
	ROW(file, file, file, NULL, NULL, NULL,                               \
		"a file that holds it; it is read at start and at each reload")

/* Only of a key. */
#define KID_KEYS(ROW)                         \
	ROW(kid, text, kid, NULL, NULL, NULL, \
		"in `keys`: only for tokens of this `kid`, and those without one")

#endif
