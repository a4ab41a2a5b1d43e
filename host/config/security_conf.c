/*
 * Reads the security sections of a provider. What an author writes where a secret was meant is not
 * repeated in a complaint: it may be one. Knows no file and no request; call/ hands the settings
 * to security/. Called by route_conf.c. SPDX-License-Identifier: MIT
 */
#include "config/security_conf.h"

#include <string.h>

#include "config/security_keys.h"
#include "wire/http_head.h"
#include "wire/value.h"

/* ---- one, or a list of them ------------------------------------------------------------- */

typedef void item_reader(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct security_conf *security);

static void read_each(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct security_conf *security, item_reader *read)
{
	if (node->kind != TREE_LIST) {
		read(reader, key, node, security);
		return;
	}
	if (node->count == 0)
		err_list_add(reader->why, node->place,
			"%s: found an empty list: add something, or take the key away", key->name);
	for (const struct yaml_tree *item = node->first; item != NULL; item = item->next)
		if (item->kind != TREE_UNUSABLE)
			read(reader, key, item, security);
}

/* Room for every item of the list, or for the one that stands alone. */
static void *room_for(struct reader *reader, const struct yaml_tree *node, size_t size)
{
	return arena_alloc(reader->arena, (node->count + 1) * size);
}

/* ---- plain values ----------------------------------------------------------------------- */

static void read_text_item(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct security_conf *security)
{
	struct conf_text_list *list = section_member(key, security);
	struct conf_text text = {0};
	struct key one = {.name = key->name};

	read_text(reader, &one, node, &text);
	if (text.text != NULL)
		list->items[list->count++] = text;
}

static void read_texts(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct conf_text_list *list = section_member(key, base);

	*list = (struct conf_text_list){room_for(reader, node, sizeof(*list->items)), 0};
	read_each(reader, key, node, base, read_text_item);
}

static uint64_t number_of(const char *text, struct arena *arena)
{
	struct value_error ignored;
	union value value = {0};

	value_parse(VALUE_UINT, span_of(text), arena, &value, &ignored);
	return value.size;
}

static void read_close_code(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	uint64_t code;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "a close code such as 4401"))
		return;
	code = number_of(node->text, reader->arena);
	if (code >= number_of(key->least, reader->arena) &&
		code <= number_of(key->most, reader->arena))
		*(uint64_t *)section_member(key, base) = code;
	else
		err_list_add(reader->why, node->place,
			"%s: found %s, wanted a close code of an application: %s to %s", key->name,
			yaml_tree_found(node, reader->arena), key->least, key->most);
}

static void read_algorithm(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct security_conf *security)
{
	const char *names[JWT_ALG_COUNT + 1] = {0};
	size_t i;

	for (int alg = 0; alg < JWT_ALG_COUNT; alg++)
		names[alg] = jwt_alg_name((enum jwt_alg)alg);
	if (!section_expect(reader, key->name, node, TREE_TEXT, "an algorithm such as HS256"))
		return;
	i = section_choose(reader, node->place, "algorithm", node->text, names);
	if (names[i] != NULL)
		security->algorithms.items[security->algorithms.count++] = (enum jwt_alg)i;
}

static void read_algorithms(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct jwt_alg_list *list = section_member(key, base);

	*list = (struct jwt_alg_list){room_for(reader, node, sizeof(*list->items)), 0};
	read_each(reader, key, node, base, read_algorithm);
}

/* ---- secrets ---------------------------------------------------------------------------- */

static void read_variable(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (node->kind == TREE_TEXT && section_is_identifier(node->text))
		read_text(reader, key, node, base);
	else
		err_list_add(reader->why, node->place,
			"%s: found no name of a variable of the environment: write one, such as "
			"JWT_SECRET, and the secret into it",
			key->name);
}

#define ROW(...) SECTION_ROW(struct secret_conf, __VA_ARGS__)
static const struct key secret_keys[] = {SECRET_KEYS(ROW)};
static const struct key jwt_key_keys[] = {SECRET_KEYS(ROW) KID_KEYS(ROW)};
#undef ROW
static const struct section secret_section = SECTION("of a secret", secret_keys);
static const struct section jwt_key_section = SECTION("of a key", jwt_key_keys);

static void read_source_of(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, const struct section *section, struct secret_list_conf *list)
{
	struct secret_conf *secret = &list->items[list->count];
	bool all_known;

	/* {hunter2} is YAML for a mapping with that key. */
	if (node->kind != TREE_MAP || (node->count == 1 && node->first->kind == TREE_NOTHING)) {
		err_list_add(reader->why, node->place,
			"%s: found no {env: ...} and no {file: ...}: put the secret into a "
			"variable or a file, and write where it is",
			key->name);
		return;
	}
	secret->place = node->place;
	all_known = section_read(reader, section, node, secret);
	if (secret->env.text != NULL && secret->file.text != NULL)
		err_list_add(reader->why, node->place,
			"%s: found env and file in one: take one of them away, or make two",
			key->name);
	else if (all_known && yaml_tree_get(node, "env") == NULL &&
		 yaml_tree_get(node, "file") == NULL)
		err_list_add(reader->why, node->place,
			"%s: found neither env nor file: add one of them, such as {env: "
			"JWT_SECRET}",
			key->name);
	else if (secret->env.text != NULL || secret->file.text != NULL)
		list->count++;
}

static void read_secret(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct security_conf *security)
{
	read_source_of(reader, key, node, &secret_section, &security->secrets);
}

static void read_jwt_key(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct security_conf *security)
{
	read_source_of(reader, key, node, &jwt_key_section, &security->keys);
}

static void read_secrets(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct secret_list_conf *list = section_member(key, base);

	*list = (struct secret_list_conf){room_for(reader, node, sizeof(*list->items)), 0};
	read_each(reader, key, node, base, read_secret);
}

void security_conf_read_secrets(struct reader *reader, const struct key *key,
	const struct yaml_tree *node, struct secret_list_conf *list)
{
	struct security_conf read = {.secrets = {room_for(reader, node, sizeof(*list->items)), 0}};

	read_each(reader, key, node, &read, read_secret);
	*list = read.secrets;
}

static void read_jwt_keys(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct secret_list_conf *list = section_member(key, base);

	*list = (struct secret_list_conf){room_for(reader, node, sizeof(*list->items)), 0};
	read_each(reader, key, node, base, read_jwt_key);
}

/* ---- places ----------------------------------------------------------------------------- */

struct from_names {
	struct conf_text header, cookie, query;
};

#define ROW(...) SECTION_ROW(struct from_names, __VA_ARGS__)
static const struct key from_keys[] = {FROM_KEYS(ROW)};
#undef ROW
static const struct section from_section = SECTION("of a place", from_keys);

static void add_place(
	struct security_conf *security, enum security_conf_place place, struct conf_text name)
{
	security->from.items[security->from.count++] = (struct security_from_conf){place, name};
}

/* "header" and "subprotocol", where a scheme stands before the credential. */
static void read_scheme_place(
	struct reader *reader, const struct yaml_tree *node, struct security_conf *security)
{
	static const char *const names[] = {[SECURITY_CONF_AUTHORIZATION] = "header",
		[SECURITY_CONF_SUBPROTOCOL] = "subprotocol",
		NULL};
	size_t i;

	if (security->kind == SECURITY_CONF_API_KEY) {
		err_list_add(reader->why, node->place,
			"from: found %s, wanted a place with a name, such as {header: x-key}",
			yaml_tree_found(node, reader->arena));
		return;
	}
	if (!strcmp(node->text, "cookie") || !strcmp(node->text, "query")) {
		err_list_add(reader->why, node->place,
			"from: found %s without a name, wanted one such as {%s: token}", node->text,
			node->text);
		return;
	}
	i = section_choose(reader, node->place, "place", node->text, names);
	if (names[i] != NULL)
		add_place(security, (enum security_conf_place)i, (struct conf_text){0});
}

static void add_header(struct reader *reader, struct security_conf *security, struct conf_text name)
{
	if (!http_is_token(span_of(name.text)))
		err_list_add(reader->why, name.place, "from: found %s, which no header is called",
			yaml_tree_quote(name.text, reader->arena));
	else if (security->kind != SECURITY_CONF_API_KEY &&
		 span_equal_nocase(span_of(name.text), SPAN("Authorization")))
		err_list_add(reader->why, name.place,
			"from: found the header Authorization, which is \"from: header\"");
	else
		add_place(security, SECURITY_CONF_HEADER, name);
}

static void read_named_place(
	struct reader *reader, const struct yaml_tree *node, struct security_conf *security)
{
	struct from_names names = {0};

	if (security->kind == SECURITY_CONF_BASIC) {
		err_list_add(reader->why, node->place,
			"from: found a place with a name, but user and password come as header or "
			"subprotocol");
		return;
	}
	if (node->count != 1) {
		err_list_add(reader->why, node->place,
			"from: found a mapping of %zu places, wanted one of each: make it a list, "
			"such as [{cookie: session}, {query: token}]",
			node->count);
		return;
	}
	section_read(reader, &from_section, node, &names);
	if (names.header.text != NULL)
		add_header(reader, security, names.header);
	else if (names.cookie.text != NULL)
		add_place(security, SECURITY_CONF_COOKIE, names.cookie);
	else if (names.query.text != NULL)
		add_place(security, SECURITY_CONF_QUERY, names.query);
}

static void read_place(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct security_conf *security)
{
	if (node->kind == TREE_MAP)
		read_named_place(reader, node, security);
	else if (section_expect(reader, key->name, node, TREE_TEXT,
			 "a place such as header or {cookie: session}"))
		read_scheme_place(reader, node, security);
}

static void read_credential_from(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct security_from_list *list = section_member(key, base);

	*list = (struct security_from_list){room_for(reader, node, sizeof(*list->items)), 0};
	read_each(reader, key, node, base, read_place);
}

/* ---- sections --------------------------------------------------------------------------- */

#define ROW(...) SECTION_ROW(struct security_conf, __VA_ARGS__)
static const struct key api_key_keys[] = {API_KEY_KEYS(ROW)};
static const struct key basic_keys[] = {BASIC_KEYS(ROW)};
static const struct key bearer_keys[] = {BEARER_KEYS(ROW)};
static const struct key oauth2_keys[] = {OAUTH2_KEYS(ROW)};
static const struct key jwt_keys[] = {JWT_KEYS(ROW)};
#undef ROW

static const struct {
	const char *name;
	struct section section;
	const char *needs[2]; /* keys that must be there */
} kinds[] = {
	[SECURITY_CONF_API_KEY] = {"api_key", SECTION("of api_key", api_key_keys), {"from"}},
	[SECURITY_CONF_BASIC] = {"basic", SECTION("of basic", basic_keys), {NULL}},
	[SECURITY_CONF_BEARER] = {"bearer", SECTION("of bearer", bearer_keys), {NULL}},
	[SECURITY_CONF_OAUTH2] = {"oauth2", SECTION("of oauth2", oauth2_keys), {NULL}},
	[SECURITY_CONF_JWT] = {"jwt", SECTION("of jwt", jwt_keys), {"algorithms", "keys"}},
};

static void check_needs(
	struct reader *reader, const struct yaml_tree *node, enum security_conf_kind kind)
{
	for (size_t i = 0; i < 2 && kinds[kind].needs[i] != NULL; i++)
		if (yaml_tree_get(node, kinds[kind].needs[i]) == NULL)
			err_list_add(reader->why, node->key_place, "found %s without %s: add it",
				kinds[kind].name, kinds[kind].needs[i]);
}

/* It becomes part of a header. */
static void check_realm(struct reader *reader, const struct security_conf *security)
{
	const char *at = security->realm.text;

	for (; at != NULL && *at != '\0'; at++)
		if (*at < ' ' || *at > '~') {
			err_list_add(reader->why, security->realm.place,
				"realm: found %s, wanted printable ASCII",
				yaml_tree_quote(security->realm.text, reader->arena));
			return;
		}
}

void read_security(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct provider_conf *provider = base;
	struct security_conf *security = arena_alloc(reader->arena, sizeof(*security));

	while (strcmp(kinds[security->kind].name, key->name) != 0)
		security->kind++;
	if (!section_expect(
		    reader, key->name, node, TREE_MAP, "a mapping such as {from: header}, or {}"))
		return;
	security->place = node->key_place;
	section_defaults(reader, &kinds[security->kind].section, security);
	if (section_read(reader, &kinds[security->kind].section, node, security))
		check_needs(reader, node, security->kind);
	if (yaml_tree_get(node, "from") == NULL) {
		security->from.items = arena_alloc(
			reader->arena, 2 * sizeof(*security->from.items));
		add_place(security, SECURITY_CONF_AUTHORIZATION, (struct conf_text){0});
		add_place(security, SECURITY_CONF_SUBPROTOCOL, (struct conf_text){0});
	}
	check_realm(reader, security);
	provider->security = security;
}
