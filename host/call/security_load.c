/*
 * Copies between config/ and security/, which do not know each other. Called by generation.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/security_load.h"

#include "config/security_conf.h"

static const struct credential_from *from_of(
	const struct security_from_list *list, struct arena *arena)
{
	static const enum credential_place places[] = {
		[SECURITY_CONF_AUTHORIZATION] = CREDENTIAL_AUTHORIZATION,
		[SECURITY_CONF_SUBPROTOCOL] = CREDENTIAL_SUBPROTOCOL,
		[SECURITY_CONF_HEADER] = CREDENTIAL_HEADER,
		[SECURITY_CONF_COOKIE] = CREDENTIAL_COOKIE,
		[SECURITY_CONF_QUERY] = CREDENTIAL_QUERY,
	};
	struct credential_from *from = arena_alloc(arena, (list->count + 1) * sizeof(*from));

	for (size_t i = 0; i < list->count; i++)
		from[i] = (struct credential_from){
			places[list->items[i].place], list->items[i].name.text};
	return from;
}

size_t security_load_looked(
	const struct security_conf *conf, struct arena *arena, const struct inject_looked **out)
{
	static const enum inject_source sources[] = {
		[SECURITY_CONF_AUTHORIZATION] = INJECT_HEADER,
		[SECURITY_CONF_SUBPROTOCOL] = INJECT_HEADER,
		[SECURITY_CONF_HEADER] = INJECT_HEADER,
		[SECURITY_CONF_COOKIE] = INJECT_COOKIE,
		[SECURITY_CONF_QUERY] = INJECT_QUERY,
	};
	struct inject_looked *looked = arena_alloc(arena, conf->from.count * sizeof(*looked));

	for (size_t i = 0; i < conf->from.count; i++)
		looked[i] = (struct inject_looked){
			sources[conf->from.items[i].place], conf->from.items[i].name.text};
	*out = looked;
	return conf->from.count;
}

static struct secret_source source_of(const struct secret_conf *conf)
{
	return (struct secret_source){conf->env.text, conf->file.text, conf->place};
}

static const struct secret_source *secrets_of(
	const struct secret_list_conf *list, struct arena *arena)
{
	struct secret_source *sources = arena_alloc(arena, (list->count + 1) * sizeof(*sources));

	for (size_t i = 0; i < list->count; i++)
		sources[i] = source_of(&list->items[i]);
	return sources;
}

static const struct security_key *keys_of(const struct secret_list_conf *list, struct arena *arena)
{
	struct security_key *keys = arena_alloc(arena, (list->count + 1) * sizeof(*keys));

	for (size_t i = 0; i < list->count; i++)
		keys[i] = (struct security_key){
			source_of(&list->items[i]), list->items[i].kid.text};
	return keys;
}

struct secret_set *security_load_tokens(
	const struct secret_list_conf *tokens, struct arena *arena, struct err_list *why)
{
	if (tokens->count == 0)
		return NULL;
	return secret_set_new(secrets_of(tokens, arena), tokens->count, '\0', why);
}

/* NULL for a list that is not there. */
static const char *const *texts_of(const struct conf_text_list *list, struct arena *arena)
{
	const char **texts = arena_alloc(arena, (list->count + 1) * sizeof(const char *));

	for (size_t i = 0; i < list->count; i++)
		texts[i] = list->items[i].text;
	return list->count == 0 ? NULL : texts;
}

struct security *security_load(
	const struct security_conf *conf, struct arena *arena, struct err_list *why)
{
	static const enum security_kind kinds[] = {
		[SECURITY_CONF_API_KEY] = SECURITY_API_KEY,
		[SECURITY_CONF_BASIC] = SECURITY_BASIC,
		[SECURITY_CONF_BEARER] = SECURITY_BEARER,
		[SECURITY_CONF_OAUTH2] = SECURITY_OAUTH2,
		[SECURITY_CONF_JWT] = SECURITY_JWT,
	};
	const struct security_input input = {
		.kind = kinds[conf->kind],
		.is_required = conf->is_required,
		.from = from_of(&conf->from, arena),
		.from_count = conf->from.count,
		.realm = conf->realm.text,
		.secrets = secrets_of(&conf->secrets, arena),
		.secret_count = conf->secrets.count,
		.expire_code = (unsigned)conf->expire_code,
		.algorithms = conf->algorithms.items,
		.algorithm_count = conf->algorithms.count,
		.keys = keys_of(&conf->keys, arena),
		.key_count = conf->keys.count,
		.audiences = texts_of(&conf->audiences, arena),
		.issuer = conf->issuer.text,
		.leeway_ms = conf->leeway_ms,
		.required_claims = texts_of(&conf->required_claims, arena),
		.place = conf->place,
	};

	return security_new(&input, why);
}
