/*
 * The sections api_key, basic, bearer, oauth2 and jwt of a provider, and what they are read into.
 * No secret stands in the file, only where it is. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_SECURITY_CONF_H
#define SOCKLET_CONFIG_SECURITY_CONF_H

#include "config/config.h"
#include "config/section.h"
#include "wire/jwt_alg.h"

enum security_conf_kind {
	SECURITY_CONF_API_KEY,
	SECURITY_CONF_BASIC,
	SECURITY_CONF_BEARER,
	SECURITY_CONF_OAUTH2,
	SECURITY_CONF_JWT,
};

enum security_conf_place {
	SECURITY_CONF_AUTHORIZATION,
	SECURITY_CONF_SUBPROTOCOL,
	SECURITY_CONF_HEADER,
	SECURITY_CONF_COOKIE,
	SECURITY_CONF_QUERY,
};

struct security_from_conf {
	enum security_conf_place place;
	struct conf_text name; /* of a header, cookie or parameter */
};

struct security_from_list {
	struct security_from_conf *items;
	size_t count;
};

struct conf_text_list {
	struct conf_text *items;
	size_t count; /* 0: absent */
};

struct jwt_alg_list {
	enum jwt_alg *items;
	size_t count;
};

struct security_conf {
	enum security_conf_kind kind;
	struct place place;
	struct security_from_list from; /* the default filled in */
	bool is_required;
	struct conf_text realm;          /* basic */
	struct secret_list_conf secrets; /* api_key, basic, bearer; none: not said */
	struct secret_list_conf keys;    /* jwt, as all below */
	struct jwt_alg_list algorithms;
	struct conf_text_list audiences, required_claims;
	struct conf_text issuer;
	uint64_t leeway_ms, expire_code;
};

/* Into struct provider_conf; the kind is the key's name. */
key_reader read_security;

/* A secret, or a list of them. */
void security_conf_read_secrets(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct secret_list_conf *list);

#endif
